# cmake -DAFRESH= -P demo_refuses.cmake : what cannot be done is refused before anything is begun.
function(refused text)
  execute_process(COMMAND ${AFRESH} ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output TIMEOUT 20)
  if(NOT result EQUAL 64 OR NOT output MATCHES "${text}")
    message(FATAL_ERROR "afresh ${ARGN}: ended with ${result}, not with 64 and \"${text}\":\n${output}")
  endif()
endfunction()

refused("subcommand")
refused("--unheard-of" demo --unheard-of)
refused("--seconds" demo --seconds 0)
refused("needs --issuer or --token-endpoint" demo --client-id c)
refused("needs --store" demo --token-endpoint http://127.0.0.1:1/token --client-id c --refresh-token-file none --api http://127.0.0.1:1/)
refused("none: cannot be read" demo --token-endpoint http://127.0.0.1:1/token --client-id c --refresh-token-file none
        --api http://127.0.0.1:1/ --store unused.sqlite)
