# cmake -DAFRESH= -P demo_fails.cmake : a server that revokes the grant half way must be noticed.
execute_process(
  COMMAND ${AFRESH} demo --seconds 4 --callers 50 --token-lifetime 2 --sabotage --plain
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 1 OR NOT output MATCHES "calls? failed" OR NOT output MATCHES "Not well")
  message(FATAL_ERROR "the demo ended with ${result} and said:\n${output}")
endif()
