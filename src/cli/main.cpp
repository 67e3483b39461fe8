#include "shared/program.hpp"

int main(int argc, char** argv) { return smoothbound::cli::execute_command_line(argc, argv); }
