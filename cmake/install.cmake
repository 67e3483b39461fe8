# Installs two components: `program` (the program, its manual and completions, and the architectures
# with the JSON Schema of their format) and `library` (headers and CMake package of the libraries:
# `bounds`, and with SMOOTHBOUND_RUNTIME `runtime`).
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

install(TARGETS smoothbound_program COMPONENT program)
install(TARGETS smoothbound_bounds EXPORT smoothbound_bounds_targets COMPONENT library)
# The headers of the floors that are built.
get_property(header_folders GLOBAL PROPERTY smoothbound_header_folders)
foreach(folder IN LISTS header_folders)
  install(DIRECTORY include/smoothbound/${folder}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/smoothbound/${folder}
    COMPONENT library FILES_MATCHING PATTERN *.hpp)
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/include/smoothbound/version.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/smoothbound COMPONENT library)
install(DIRECTORY architectures
  DESTINATION ${CMAKE_INSTALL_DATADIR}/smoothbound COMPONENT program)
install(FILES ${schema} DESTINATION ${CMAKE_INSTALL_DATADIR}/smoothbound COMPONENT program)

# Manual pages and completions, of which the program knows too: one page for each command that it
# completes.
set(shell_dir ${PROJECT_BINARY_DIR}/completion)
set(man_dir ${PROJECT_BINARY_DIR}/man)
set(shell_stamp ${PROJECT_BINARY_DIR}/shell.stamp)
add_custom_command(OUTPUT ${shell_stamp}
  COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:smoothbound_program>
    -DMAN_DIR=${man_dir} -DSHELL_DIR=${shell_dir} -DCHANGELOG=${PROJECT_SOURCE_DIR}/CHANGELOG.md
    -P ${CMAKE_CURRENT_LIST_DIR}/write-shell-files.cmake
  COMMAND ${CMAKE_COMMAND} -E touch ${shell_stamp}
  DEPENDS smoothbound_program ${CMAKE_CURRENT_LIST_DIR}/write-shell-files.cmake
    ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  COMMENT "Writing manual pages and completions" VERBATIM)
add_custom_target(smoothbound_shell ALL DEPENDS ${shell_stamp})
install(DIRECTORY ${man_dir}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
  COMPONENT program FILES_MATCHING PATTERN *.1.gz)
install(FILES ${man_dir}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES ${shell_dir}/smoothbound
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${shell_dir}/_smoothbound
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT program)
install(FILES ${shell_dir}/smoothbound.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)

install(EXPORT smoothbound_bounds_targets
  FILE smoothbound-bounds-targets.cmake NAMESPACE smoothbound:: DESTINATION ${package_dir}
  COMPONENT library)
set(find_modules LibMd LibYaml MPFR)
if(SMOOTHBOUND_RUNTIME)
  install(TARGETS smoothbound_runtime EXPORT smoothbound_runtime_targets COMPONENT library)
  install(EXPORT smoothbound_runtime_targets
    FILE smoothbound-runtime-targets.cmake NAMESPACE smoothbound:: DESTINATION ${package_dir}
    COMPONENT library)
  list(APPEND find_modules LibZip)
endif()
list(TRANSFORM find_modules REPLACE "(.+)" "cmake/Find\\1.cmake")
configure_package_config_file(cmake/smoothbound-config.cmake.in
  ${PROJECT_BINARY_DIR}/smoothbound-config.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may break those who build on the library.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/smoothbound-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/smoothbound-config.cmake
  ${PROJECT_BINARY_DIR}/smoothbound-config-version.cmake
  ${find_modules}
  DESTINATION ${package_dir} COMPONENT library)
