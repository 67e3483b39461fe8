#include "machine_options.hpp"

#include "shared/model_options.hpp"
#include "smoothbound/runtime/machine.hpp"

namespace smoothbound::cli {

std::int64_t memory_limit(const CommandLine& line, const std::string& memory) {
  if (memory.empty()) return available_memory() / 5 * 4;
  return static_cast<std::int64_t>(parse_size(line.scalar("--memory", memory)));
}

void apply_threads(const CommandLine& line, const std::string& threads) {
  if (!threads.empty()) set_threads(parse_count(line.scalar("--threads", threads)));
}

}  // namespace smoothbound::cli
