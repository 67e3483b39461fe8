// What is called of fmt's shared library, from its header-only form: a calculator that
// has libstdc++ in itself need not load it then. What is not found here is looked for there.
#define FMT_HEADER_ONLY  // NOLINT
#include <fmt/format.h>

namespace smoothbound::cli {
namespace {

// The others are what it calls.
[[gnu::used]] std::string (*const used)(fmt::string_view, fmt::format_args) = fmt::vformat;

}  // namespace
}  // namespace smoothbound::cli
