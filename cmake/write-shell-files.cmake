# Writes what man and the shells read, by asking PROGRAM: pages into MAN_DIR, with CHANGELOG
# compressed, and scripts into SHELL_DIR.
cmake_minimum_required(VERSION 3.25)

function(ask result)
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

function(write_page name)
  execute_process(COMMAND ${PROGRAM} man ${ARGN}
    OUTPUT_FILE ${MAN_DIR}/${name}.1 COMMAND_ERROR_IS_FATAL ANY)
  # Without name and time: the same page gives the same bytes.
  execute_process(COMMAND gzip -9n
    INPUT_FILE ${MAN_DIR}/${name}.1 OUTPUT_FILE ${MAN_DIR}/${name}.1.gz COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Pages of commands that are no more do not stay.
file(REMOVE_RECURSE ${MAN_DIR})
file(MAKE_DIRECTORY ${MAN_DIR} ${SHELL_DIR})

foreach(script IN ITEMS bash=smoothbound zsh=_smoothbound fish=smoothbound.fish)
  string(REPLACE "=" ";" script ${script})
  list(GET script 0 shell)
  list(GET script 1 name)
  execute_process(COMMAND ${PROGRAM} completion ${shell}
    OUTPUT_FILE ${SHELL_DIR}/${name} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

execute_process(COMMAND gzip -9n
  INPUT_FILE ${CHANGELOG} OUTPUT_FILE ${MAN_DIR}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
write_page(smoothbound)
ask(commands man --commands)
string(REGEX MATCHALL "[^\n]+" commands "${commands}")
foreach(command IN LISTS commands)
  write_page(smoothbound-${command} ${command})
endforeach()
