# Installs the program, the library with its headers and CMake package, and the architectures with
# the JSON Schema of their format.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/smoothbound)
set(schema ${PROJECT_BINARY_DIR}/architecture.schema.json)

# The program knows the format best.
add_custom_command(OUTPUT ${schema}
  COMMAND smoothbound_program schema > ${schema}
  DEPENDS smoothbound_program
  COMMENT "Writing architecture.schema.json" VERBATIM)
add_custom_target(smoothbound_schema ALL DEPENDS ${schema})

install(TARGETS smoothbound_program)
install(TARGETS smoothbound EXPORT smoothbound_targets)
install(DIRECTORY include/smoothbound ${PROJECT_BINARY_DIR}/include/smoothbound
  TYPE INCLUDE FILES_MATCHING PATTERN *.hpp)
install(DIRECTORY architectures DESTINATION ${CMAKE_INSTALL_DATADIR}/smoothbound)
install(FILES ${schema} DESTINATION ${CMAKE_INSTALL_DATADIR}/smoothbound)

install(EXPORT smoothbound_targets
  FILE smoothbound-targets.cmake NAMESPACE smoothbound:: DESTINATION ${package_dir})
configure_package_config_file(cmake/smoothbound-config.cmake.in
  ${PROJECT_BINARY_DIR}/smoothbound-config.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may break those who build on the library.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/smoothbound-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/smoothbound-config.cmake
  ${PROJECT_BINARY_DIR}/smoothbound-config-version.cmake
  cmake/FindLibMd.cmake cmake/FindLibYaml.cmake cmake/FindMPFR.cmake
  DESTINATION ${package_dir})
