# Run after a test program is built: makes a test of CTest of each of its suites. A process for each
# single test would take longer than the tests.
#   cmake -DPROGRAM=... -DPREFIX=... -DOUTPUT=... -P discover_suites.cmake
execute_process(COMMAND ${PROGRAM} --gtest_list_tests
  OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY TIMEOUT 60)
string(REGEX REPLACE "#[^\n]*" "" listed "${listed}")
string(REGEX MATCHALL "(^|\n)[^ \n]+\\." suites "${listed}")
list(TRANSFORM suites STRIP)
list(LENGTH suites number)
if(number EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} has no tests")
endif()
set(script "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "\\.$" "" name "${suite}")
  # Tests run side by side: threads that wait must not keep a core busy.
  string(APPEND script
    "add_test([==[${PREFIX}.${name}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${suite}*]==])\n"
    "set_tests_properties([==[${PREFIX}.${name}]==] PROPERTIES"
    " ENVIRONMENT OMP_WAIT_POLICY=passive)\n")
endforeach()
file(WRITE ${OUTPUT} "${script}")
