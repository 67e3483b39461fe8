#include <array>

#include "caffe.hpp"
#include "darknet.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound::models {
namespace {

constexpr std::array<ModelFormat, 2> formats{
    {{"Darknet", "*.cfg", true, darknet::recognizes, darknet::read, darknet::understood},
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
