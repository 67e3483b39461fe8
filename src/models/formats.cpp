#include <array>

#include "caffe/caffe.hpp"
#include "darknet/darknet.hpp"
#include "onnx/onnx.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::models {
namespace {

constexpr std::array<ModelFormat, 3> formats{
    {{"ONNX", "*.onnx", false, onnx::recognizes, onnx::read, onnx::understood},
     {"Darknet", "*.cfg", true, darknet::recognizes, darknet::read, darknet::understood},
     {"Caffe", "*.prototxt", true, caffe::recognizes, caffe::read, caffe::understood}}};

}  // namespace

std::span<const ModelFormat> model_formats() { return formats; }

const ModelFormat* find_format(std::string_view path, std::string_view beginning) {
  for (const ModelFormat& format : formats) {
    if (format.recognizes(path, beginning)) return &format;
  }
  return nullptr;
}

}  // namespace smoothbound::models
