// Who looks at standard output.
#pragma once

#include <cstddef>

namespace smoothbound::cli {

/// Whether standard output is a terminal.
bool is_terminal_output();

/// The columns of the terminal that standard output is, as it says or else the environment's
/// COLUMNS, or else 80; `elsewhere` where it is none.
std::size_t output_columns(std::size_t elsewhere);

}  // namespace smoothbound::cli
