#include "onnx.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "fuse.hpp"
#include "graph.hpp"
#include "smoothbound/text/source.hpp"
#include "translator.hpp"
#include "wire.hpp"

namespace smoothbound::models::onnx {

namespace {

// Files that are often called *.onnx and are none: archives, HDF5, pickles, TensorFlow Lite, gzip,
// pointers of Git LFS, web pages. Their first bytes are no field of ModelProto.
constexpr std::array<std::string_view, 6> others{
    "PK\x03\x04", "\x89HDF", "\x80", "\x1f\x8b", "version https://git-lfs", "<!DOCTYPE html"};

bool is_of_another(std::string_view beginning) {
  return beginning.substr(std::min<std::size_t>(4, beginning.size())).starts_with("TFL3") ||
         std::ranges::any_of(others,
                             [&](std::string_view start) { return beginning.starts_with(start); });
}

}  // namespace

bool recognizes(std::string_view path, std::string_view beginning) {
  if (path.ends_with(".onnx")) return !is_of_another(beginning);
  // Models of TensorFlow and Core ML begin alike.
  if (path.ends_with(".pb") || path.ends_with(".mlmodel")) return false;
  // ir_version, a small number, and then a field of ModelProto: producer, domain, graph, opset.
  if (beginning.size() < 4 || beginning[0] != '\x08') return false;
  const auto version = static_cast<unsigned char>(beginning[1]);
  constexpr std::string_view next_fields("\x12\x1a\x22\x28\x32\x3a\x42");
  return version >= 1 && version <= 64 && next_fields.find(beginning[2]) != std::string_view::npos;
}

ImportedModel read(std::string_view path, std::string_view content, const ImportOptions& options) {
  if (content.empty()) throw SpecError(whole_file, "the file is empty", damaged_file);
  auto graph = std::make_shared<Graph>(read_graph(path, content));
  fuse_patterns(*graph);
  ImportedModel model = Translator(graph, path, options).translate();
  model.format = "ONNX";
  return model;
}

std::vector<ModelFormat::Understood> understood() {
  std::vector<ModelFormat::Understood> rows;
  for (const Operator* const one : all_operators()) {
    rows.push_back({std::string(one->name), std::string(one->becomes)});
  }
  return rows;
}

}  // namespace smoothbound::models::onnx
