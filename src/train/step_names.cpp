#include <array>

#include "smoothbound/train/training.hpp"

namespace smoothbound {
namespace {

constexpr auto rule_names =
    std::to_array<std::string_view>({"certified", "local", "line-search", "enclosure"});
constexpr auto kind_names = std::to_array<std::string_view>({"gradient", "gauss-newton", "newton"});

}  // namespace

std::span<const std::string_view> step_rule_names() { return rule_names; }
std::span<const std::string_view> oracle_names() { return kind_names; }

}  // namespace smoothbound
