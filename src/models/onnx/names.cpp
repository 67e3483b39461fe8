// What the names of nodes and parameters tell.
#include <algorithm>
#include <cctype>

#include "translator.hpp"

namespace smoothbound::models::onnx {
namespace {

std::vector<std::string_view> parts_of(std::string_view text, char between) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(between);
    if (const std::string_view part = text.substr(0, end); !part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "conv_1" of "conv": how the exporter tells a second call.
bool is_call_of(std::string_view part, std::string_view module) {
  return part.starts_with(module) &&
         (part.size() == module.size() ||
          (part[module.size()] == '_' && is_number(part.substr(module.size() + 1))));
}

}  // namespace

// "/layer1/layer1.0/conv1/Conv": each part is a module by its path from the one before it, but
// children of a list have the path of the list in front.
std::string module_of_node(std::string_view name) {
  if (name.find('/') == std::string_view::npos) return {};
  std::vector<std::string_view> parts = parts_of(name, '/');
  if (!parts.empty()) parts.pop_back();
  std::string path;
  std::string_view last;
  std::size_t before = 0;  // length of the path in front of `last`
  for (const std::string_view part : parts) {
    const bool is_child = !last.empty() && part.size() > last.size() + 1 &&
                          part.starts_with(last) && part[last.size()] == '.';
    if (is_child) {
      path.resize(before);
    } else {
      if (!path.empty()) path += '.';
      before = path.size();
    }
    path += part;
    last = part;
  }
  return path;
}

bool are_of_one_module(std::string_view first, std::string_view second) {
  const auto modules_of = [](std::string_view node) {
    std::vector<std::string_view> parts = parts_of(node, '/');
    if (!parts.empty()) parts.pop_back();
    return parts;
  };
  return std::ranges::equal(modules_of(first), modules_of(second),
                            [](std::string_view one, std::string_view other) {
                              return is_call_of(one, other) || is_call_of(other, one);
                            });
}

std::string module_of_parameter(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || is_made_up(name)) return {};
  return std::string(name.substr(0, dot));
}

bool is_made_up(std::string_view name) {
  if (name.starts_with("onnx::") || name.starts_with('/') || is_number(name)) return true;
  return name.empty() || name.find("_output_") != std::string_view::npos ||
         name.find("Constant") != std::string_view::npos || name.starts_with("const_fold_opt") ||
         name.starts_with("val_") || name.starts_with("_val_");
}

}  // namespace smoothbound::models::onnx
