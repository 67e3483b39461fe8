# Finds OpenBLAS, with BLAS and LAPACK, and the name by which programs load it (docs/decisions.md):
# OpenBLAS_LIBRARY and OpenBLAS_NAME.
find_library(OpenBLAS_LIBRARY openblas)
if(OpenBLAS_LIBRARY)
  cmake_path(GET OpenBLAS_LIBRARY FILENAME OpenBLAS_NAME)
  execute_process(COMMAND ${CMAKE_READELF} --dynamic --wide ${OpenBLAS_LIBRARY}
    OUTPUT_VARIABLE dynamic_section ERROR_QUIET)
  if(dynamic_section MATCHES "soname: \\[([^]]+)\\]")
    set(OpenBLAS_NAME ${CMAKE_MATCH_1})
  endif()
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenBLAS REQUIRED_VARS OpenBLAS_LIBRARY OpenBLAS_NAME)
mark_as_advanced(OpenBLAS_LIBRARY)
