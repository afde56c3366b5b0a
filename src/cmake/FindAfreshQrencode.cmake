# AfreshQrencode::encoder. libqrencode brings no package for CMake.
find_path(AfreshQrencode_INCLUDE_DIR qrencode.h)
find_library(AfreshQrencode_LIBRARY NAMES qrencode)
mark_as_advanced(AfreshQrencode_INCLUDE_DIR AfreshQrencode_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(AfreshQrencode DEFAULT_MSG AfreshQrencode_LIBRARY AfreshQrencode_INCLUDE_DIR)
if(AfreshQrencode_FOUND AND NOT TARGET AfreshQrencode::encoder)
  add_library(AfreshQrencode::encoder UNKNOWN IMPORTED)
  set_target_properties(AfreshQrencode::encoder PROPERTIES IMPORTED_LOCATION ${AfreshQrencode_LIBRARY}
                                                           INTERFACE_INCLUDE_DIRECTORIES ${AfreshQrencode_INCLUDE_DIR})
endif()
