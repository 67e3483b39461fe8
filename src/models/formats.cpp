#include <array>

#include "smoothbound/models/model.hpp"

namespace smoothbound::models {
namespace {

constexpr std::array<ModelFormat, 0> formats{};

}  // namespace

std::span<const ModelFormat> model_formats() { return formats; }

const ModelFormat* find_format(std::string_view path, std::string_view beginning) {
  for (const ModelFormat& format : formats) {
    if (format.recognizes(path, beginning)) return &format;
  }
  return nullptr;
}

}  // namespace smoothbound::models
