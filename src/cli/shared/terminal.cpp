#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace smoothbound::cli {

bool is_terminal_output() { return isatty(STDOUT_FILENO) == 1; }

std::size_t output_columns(std::size_t elsewhere) {
  if (!is_terminal_output()) return elsewhere;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  constexpr std::size_t usual = 80;
  std::size_t columns = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets any
  if (const char* variable = std::getenv("COLUMNS")) {
    const std::string_view text(variable);
    std::from_chars(text.data(), text.data() + text.size(), columns);
  }
  return columns > 0 ? columns : usual;
}

}  // namespace smoothbound::cli
