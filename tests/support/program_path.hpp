// Where the program under test is, for tests that start it by a shell.
#pragma once

#include <string>

namespace smoothbound::testing {

/// That of this build, or the one that the environment's SMOOTHBOUND_PROGRAM names.
std::string program_path();

}  // namespace smoothbound::testing
