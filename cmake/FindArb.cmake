# Defines Arb::Arb, ball arithmetic (arb.h): a library of its own before FLINT 3, a part of FLINT
# since.
find_path(Arb_INCLUDE_DIR arb.h PATH_SUFFIXES flint)
find_library(Arb_LIBRARY NAMES flint-arb arb flint)
find_library(Arb_FLINT_LIBRARY flint)
find_library(Arb_GMP_LIBRARY gmp)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Arb
  REQUIRED_VARS Arb_LIBRARY Arb_INCLUDE_DIR Arb_FLINT_LIBRARY Arb_GMP_LIBRARY)
if(Arb_FOUND AND NOT TARGET Arb::Arb)
  add_library(Arb::Arb UNKNOWN IMPORTED)
  set_target_properties(Arb::Arb PROPERTIES
    IMPORTED_LOCATION ${Arb_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${Arb_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "${Arb_FLINT_LIBRARY};MPFR::MPFR;${Arb_GMP_LIBRARY}")
endif()
mark_as_advanced(Arb_INCLUDE_DIR Arb_LIBRARY Arb_FLINT_LIBRARY Arb_GMP_LIBRARY)
