# cmake -DROOT=<project> -DLISTED=<headers, separated by commas> -P headers_listed.cmake : every public header is installed and compiled alone.
cmake_minimum_required(VERSION 3.24)
string(REPLACE "," ";" listed "${LISTED}")
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/*.hpp)
foreach(header IN LISTS headers)
  if(NOT header IN_LIST listed)
    message(SEND_ERROR "${header} is missing in include/CMakeLists.txt")
  endif()
endforeach()
