# AfreshZstd::decoder. The names of the targets in zstd's own package differ from version to version and with how it was
# built.
find_path(AfreshZstd_INCLUDE_DIR zstd.h)
find_library(AfreshZstd_LIBRARY NAMES zstd zstd_static)
mark_as_advanced(AfreshZstd_INCLUDE_DIR AfreshZstd_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(AfreshZstd DEFAULT_MSG AfreshZstd_LIBRARY AfreshZstd_INCLUDE_DIR)
if(AfreshZstd_FOUND AND NOT TARGET AfreshZstd::decoder)
  add_library(AfreshZstd::decoder UNKNOWN IMPORTED)
  set_target_properties(AfreshZstd::decoder PROPERTIES IMPORTED_LOCATION ${AfreshZstd_LIBRARY}
                                                       INTERFACE_INCLUDE_DIRECTORIES ${AfreshZstd_INCLUDE_DIR})
endif()
