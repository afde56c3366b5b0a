# cmake -DROOT= -DBUILD= -DWORK= -DKIND= -DGENERATOR= -DCOMPILER= -DFLAGS= [-DSHARED=ON] -P consumer.cmake
# Builds and runs a program outside of this project. KIND:
#   find_package       against what `cmake --install` puts in place: the build tree BUILD, or with SHARED one of its own
#   compile            add_subdirectory, as far as the program's own object file
#   add_subdirectory   add_subdirectory, whole
cmake_minimum_required(VERSION 3.24)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message("${output}")
    message(FATAL_ERROR "failed: ${command}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(settings -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Debug
             -DCMAKE_CXX_FLAGS_DEBUG=-O0)
file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/consumer)

if(KIND STREQUAL "find_package")
  if(SHARED)
    set(BUILD ${WORK}/library)
    run(${CMAKE_COMMAND} -S ${ROOT} -B ${BUILD} ${settings} -DBUILD_SHARED_LIBS=ON -DAFRESH_BUILD_EXAMPLES=OFF
        -DAFRESH_BUILD_TOOLS=OFF)
    run(${CMAKE_COMMAND} --build ${BUILD} -j 2)
  endif()
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  list(APPEND settings -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
  set(source find_package)
else()
  list(APPEND settings -DAFRESH_ROOT=${ROOT} -DCMAKE_EXPORT_COMPILE_COMMANDS=OFF)
  set(source add_subdirectory)
endif()

set(target consumer)
if(KIND STREQUAL "compile")
  set(target consumer_objects)
endif()
run(${CMAKE_COMMAND} -S ${ROOT}/test/consumer/${source} -B ${WORK}/consumer ${settings})
if(SHARED AND NOT output MATCHES "SHARED_LIBRARY")
  message(FATAL_ERROR "not a shared library:\n${output}")
endif()
run(${CMAKE_COMMAND} --build ${WORK}/consumer -j 2 --target ${target})
if(NOT KIND STREQUAL "compile")
  file(REMOVE ${WORK}/consumer.sqlite)
  run(${WORK}/consumer/consumer ${WORK}/consumer.sqlite)
  message("${output}")
endif()
