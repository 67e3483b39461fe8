#include <array>

#include "onnx/onnx.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::models {
namespace {

constexpr std::array<ModelFormat, 1> formats{
    {{"ONNX", "*.onnx", false, onnx::recognizes, onnx::read, onnx::understood}}};

}  // namespace

std::span<const ModelFormat> model_formats() { return formats; }

const ModelFormat* find_format(std::string_view path, std::string_view beginning) {
  for (const ModelFormat& format : formats) {
    if (format.recognizes(path, beginning)) return &format;
  }
  return nullptr;
}

}  // namespace smoothbound::models
