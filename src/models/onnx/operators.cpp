// The table of all operators, and of those that are known not to be understood.
#include <algorithm>
#include <map>

#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

const std::map<std::string_view, Operator>& table() {
  static const std::map<std::string_view, Operator> all = [] {
    std::map<std::string_view, Operator> rows;
    for (const auto& list : {linear_operators(), elementwise_operators(), arithmetic_operators(),
                             normalization_operators(), window_operators(), layout_operators(),
                             pad_operators(), attention_operators()}) {
      for (const Operator& row : list) rows.emplace(row.name, row);
    }
    return rows;
  }();
  return all;
}

constexpr std::string_view unroll = "unroll it: write the steps out before the export";
constexpr std::string_view no_quantization = "export the network before it is quantized";
constexpr std::string_view unbounded =
    "its slope has no bound: leave it out, or write the layer as 'opaque' with constants of your "
    "own";

}  // namespace

const Operator* find_operator(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

std::vector<const Operator*> all_operators() {
  std::vector<const Operator*> rows;
  for (const auto& [name, row] : table()) rows.push_back(&row);
  return rows;
}

std::string_view remedy_for(std::string_view operation) {
  static const std::map<std::string_view, std::string_view> remedies{
      {"Loop", unroll},
      {"Scan", unroll},
      {"LSTM", unroll},
      {"GRU", unroll},
      {"RNN", unroll},
      {"QuantizeLinear", no_quantization},
      {"DequantizeLinear", no_quantization},
      {"DynamicQuantizeLinear", no_quantization},
      {"QLinearConv", no_quantization},
      {"QLinearMatMul", no_quantization},
      {"ConvInteger", no_quantization},
      {"MatMulInteger", no_quantization},
      {"Exp", unbounded},
      {"Log", unbounded},
      {"Sqrt", unbounded},
      {"Reciprocal", unbounded},
      {"ReduceL2", unbounded},
      {"LpNormalization", unbounded},
      {"NonMaxSuppression", "export the network without its post-processing"},
      {"TopK", "export the network without its post-processing"},
      {"NonZero", "export the network without its post-processing"},
      {"RoiAlign", "export the network without its post-processing"},
      {"RandomNormal", "export the network for evaluation"},
      {"RandomUniform", "export the network for evaluation"},
      {"RandomNormalLike", "export the network for evaluation"},
      {"RandomUniformLike", "export the network for evaluation"},
      {"Bernoulli", "export the network for evaluation"},
  };
  const auto found = remedies.find(operation);
  return found == remedies.end() ? std::string_view{} : found->second;
}

}  // namespace smoothbound::models::onnx
