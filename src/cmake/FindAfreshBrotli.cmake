# AfreshBrotli::decoder. Brotli brings no package for CMake, so that others write their own FindBrotli; hence the name.
find_path(AfreshBrotli_INCLUDE_DIR brotli/decode.h)
find_library(AfreshBrotli_LIBRARY NAMES brotlidec brotlidec-static)
find_library(AfreshBrotli_COMMON_LIBRARY NAMES brotlicommon brotlicommon-static)
mark_as_advanced(AfreshBrotli_INCLUDE_DIR AfreshBrotli_LIBRARY AfreshBrotli_COMMON_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(AfreshBrotli DEFAULT_MSG AfreshBrotli_LIBRARY AfreshBrotli_COMMON_LIBRARY
                                  AfreshBrotli_INCLUDE_DIR)
if(AfreshBrotli_FOUND AND NOT TARGET AfreshBrotli::decoder)
  add_library(AfreshBrotli::decoder UNKNOWN IMPORTED)
  set_target_properties(
    AfreshBrotli::decoder PROPERTIES IMPORTED_LOCATION ${AfreshBrotli_LIBRARY}
                                     INTERFACE_INCLUDE_DIRECTORIES ${AfreshBrotli_INCLUDE_DIR}
                                     INTERFACE_LINK_LIBRARIES ${AfreshBrotli_COMMON_LIBRARY})
endif()
