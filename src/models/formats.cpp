#include "keras/formats.hpp"

#include <array>

#include "caffe/caffe.hpp"
#include "darknet/darknet.hpp"
#include "onnx/onnx.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::models {
namespace {

constexpr std::array formats{
    ModelFormat{"ONNX", "*.onnx", false, onnx::recognizes, onnx::read, onnx::understood},
    ModelFormat{"Keras", "*.keras", false, keras::is_archive, keras::read_archive,
                keras::understood_layers},
    ModelFormat{"Keras", "*.json", true, keras::is_json, keras::read_json,
                keras::understood_layers},
    ModelFormat{"Darknet", "*.cfg", true, darknet::recognizes, darknet::read, darknet::understood,
                "*.weights"},
    ModelFormat{"Caffe", "*.prototxt", true, caffe::recognizes, caffe::read, caffe::understood},
};

}  // namespace

std::span<const ModelFormat> model_formats() { return formats; }

const ModelFormat* find_format(std::string_view path, std::string_view beginning) {
  for (const ModelFormat& format : formats) {
    if (format.recognizes(path, beginning)) return &format;
  }
  return nullptr;
}

}  // namespace smoothbound::models
