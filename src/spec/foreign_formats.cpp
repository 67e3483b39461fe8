#include "foreign_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "smoothbound/text/source.hpp"

namespace smoothbound {
namespace {

// A file of weights or of another program's network, told by how it begins.
struct ForeignFormat {
  std::string_view begins;
  std::string_view what;
  Remedy remedy = Remedy::list_of_layers;
};

using namespace std::string_view_literals;

constexpr auto foreign_formats = std::to_array<ForeignFormat>({
    {"PK\x03\x04"sv, "a ZIP archive: a model of PyTorch or Keras, or an NPZ file"},
    {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as of Keras"},
    {"\x93NUMPY"sv, "a NumPy array"},
    {"\x1f\x8b"sv, "a gzip file", Remedy::unpacked_file},
    {"\x80\x02"sv, "a Python pickle, as of PyTorch"},
    {"\x80\x03"sv, "a Python pickle, as of PyTorch"},
    {"\x80\x04"sv, "a Python pickle, as of PyTorch"},
    {"\x80\x05"sv, "a Python pickle, as of PyTorch"},
    // ir_version, then producer_name or the graph.
    {"\x08\x03\x12"sv, "an ONNX model"},
    {"\x08\x04\x12"sv, "an ONNX model"},
    {"\x08\x05\x12"sv, "an ONNX model"},
    {"\x08\x06\x12"sv, "an ONNX model"},
    {"\x08\x07\x12"sv, "an ONNX model"},
    {"\x08\x08\x12"sv, "an ONNX model"},
    {"\x08\x09\x12"sv, "an ONNX model"},
    {"\x08\x0a\x12"sv, "an ONNX model"},
    {"[net]"sv, "a configuration of Darknet"},
    {"[convolutional]"sv, "a configuration of Darknet"},
});

// Text in protobuf's notation opens a message at the end of a line, which YAML and JSON do not.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> messages{{
    {"layer", "a network of Caffe"},
    {"layers", "a network of Caffe"},
    {"node", "a graph of TensorFlow or ONNX as text"},
    {"graph", "a graph of TensorFlow or ONNX as text"},
    {"graph_def", "a graph of TensorFlow or ONNX as text"},
    {"meta_info_def", "a graph of TensorFlow or ONNX as text"},
}};

std::string_view name_of_messages(std::string_view text) {
  constexpr std::size_t far_enough = 16384;
  text = text.substr(0, far_enough);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    while (!line.empty() && std::string_view(" \t\r").find(line.back()) != std::string_view::npos) {
      line.remove_suffix(1);
    }
    if (!line.ends_with('{')) continue;
    line.remove_suffix(1);
    const std::string_view word = line.substr(0, line.find_last_not_of(' ') + 1);
    for (const auto& [message, what] : messages) {
      if (word == message) return what;
    }
  }
  return {};
}

ForeignFormat format_of(std::string_view text) {
  for (const ForeignFormat& format : foreign_formats) {
    if (text.starts_with(format.begins)) return format;
  }
  // Eight bytes of a length, then a JSON header.
  constexpr std::size_t length_bytes = 8;
  if (text.size() > length_bytes && text[length_bytes] == '{' &&
      text.substr(0, length_bytes).ends_with("\0\0"sv)) {
    return {{}, "a safetensors file"};
  }
  return {{}, name_of_messages(text)};
}

}  // namespace

void refuse_foreign(std::string_view text) {
  const ForeignFormat format = format_of(text);
  if (format.what.empty()) return;
  throw SpecError({}, fmt::format("this is {}, not an architecture file", format.what),
                  format.remedy);
}

}  // namespace smoothbound
