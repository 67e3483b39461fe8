#include "shared/process.hpp"
#include "shared/program.hpp"

namespace {

// Some libraries start threads before main, and threads inherit what is blocked.
void prepare_process(int /*count*/, char** /*arguments*/, char** /*environment*/) {
  smoothbound::cli::block_ending_signals();
}

// Called before the constructors of all libraries.
// NOLINTNEXTLINE(*-non-const-global-variables): the section is one of variables
[[gnu::used, gnu::section(".preinit_array")]] void (*before_libraries)(int, char**,
                                                                       char**) = prepare_process;

}  // namespace

int main(int argc, char** argv) { return smoothbound::cli::execute_command_line(argc, argv); }
