# The Debian package of the program: cmake --build build --target package. The library is left out;
# `cmake --install` has it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME smoothbound)
set(CPACK_PACKAGE_CONTACT "smoothbound maintainers <maintainers@smoothbound.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "certified smoothness constants of deep networks")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Reads the architecture of a deep network and computes, for every layer,
upper bounds on its output, its Lipschitz constant and its smoothness
constant as functions of the parameters. From these it derives a safe
step size and the number of iterations after which gradient descent is
guaranteed to be near a stationary point.")
set(CPACK_DEBIAN_PACKAGE_SECTION math)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(SMOOTHBOUND_RUNTIME)  # what it loads by itself
  set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS libopenblas0)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# One package from one component.
set(CPACK_COMPONENTS_ALL program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME smoothbound)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "${CPACK_DEBIAN_PACKAGE_DESCRIPTION}")
include(CPack)
