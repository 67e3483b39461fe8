// Words and numbers that the table, Markdown and CSV writers share.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/bounds/report.hpp"

namespace smoothbound::words {

/// Significant digits of numbers for people, and of those for machines.
constexpr int digits_for_people = 6;
constexpr int digits_for_machines = 17;

/// "3x224x224"
std::string shape(const Shape& shape);
/// "conv softplus", joined by `separator`; "-" for none.
std::string components(const Layer& layer, std::string_view separator);
/// 12,345,678
std::string count(std::int64_t value);
/// Of iterations or operations: an integer with separators while it is readable, else as a bound.
std::string count(const Magnitude& value);
/// The same for machines: an integer without separators if it is one below 2^63, else 17 digits.
std::string integer(const Magnitude& value);
/// The shortest decimal that tells the setting's double.
std::string setting(const Real& value);

/// "conv1", "conv1.batch_norm", or of several "conv1 ... fc8 (9 blocks)".
std::string blocks(const Graph& graph, std::span<const std::uint32_t> blocks);

/// "F = logistic of 128 samples + (0.1/2) ||w||^2"
std::string objective(const ResolvedSettings& settings);
/// "batch 128, ||x|| <= 1, ||v_l|| <= 1 unless a layer says otherwise"
std::string network_settings(const Report& report);
/// "||x|| <= 1, "; nothing where bounds do not depend on the input's norm.
std::string input_norm(const Report& report);

/// The names of networks; where several have the same, with as much of the file's path as tells
/// them apart: "lenet5 (lenet5.json)".
struct NetworkFile {
  std::string_view name;
  std::string_view file;
};
std::vector<std::string> distinct_names(std::span<const NetworkFile> networks);
std::vector<std::string> distinct_names(std::span<const Report> reports);

/// Where infinite entries come from: how many they are, and the cause (empty: "5 more causes").
struct InfiniteValues {
  std::string what;
  std::string cause;
};
std::vector<InfiniteValues> infinite_values(const Report& report, const MethodReport& result);

}  // namespace smoothbound::words
