#include "smoothbound/data/model_arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "formats.hpp"
#include "safetensors_writer.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

std::string advice_for(std::string_view format) {
  constexpr const char* give_weights = "name a file of weights, or draw some";
  const auto row = std::ranges::find(models::model_formats(), format, &models::ModelFormat::name);
  if (row == models::model_formats().end() || row->numbers_ending.empty()) return give_weights;
  return fmt::format(
      "{}; its own, {}, are made one: smoothbound import net.cfg net{} -o net.yaml "
      "--weights weights.safetensors",
      give_weights, row->numbers_ending, row->numbers_ending.substr(1));
}

constinit const ArrayFormat model_format{"model", ArrayContents::named_arrays, nullptr, nullptr,
                                         true};

// `ArrayEntry::member` is the index of a tensor. Of computed numbers the last ones are kept.
class ModelBytes : public ArrayBytes {
 public:
  explicit ModelBytes(models::ModelFile file) : file_(std::move(file)) {}

  void read(const ArrayEntry& entry, std::uint64_t begin,
            std::span<std::byte> bytes) const override {
    const models::Tensor& tensor = file_.model.tensors.at(static_cast<std::size_t>(entry.member));
    if (const auto* const region = std::get_if<models::FileRegion>(&tensor.numbers)) {
      return file_of(*region).read(entry.offset + begin, bytes);
    }
    if (computed_ != &tensor) {
      computed_ = nullptr;
      values_ = std::get<models::ComputedNumbers>(tensor.numbers)();
      computed_ = &tensor;
    }
    const std::uint64_t size = values_.size() * sizeof(double);
    if (entry.offset + begin > size || bytes.size() > size - entry.offset - begin) {
      throw DataError(file_.path,
                      fmt::format("{} has {} numbers in place of {}", described(entry),
                                  values_.size(), entry.elements()),
                      "export the model again");
    }
    std::memcpy(bytes.data(),
                reinterpret_cast<const std::byte*>(values_.data()) + entry.offset + begin,
                bytes.size());
  }

  const InputFile& file_of(const models::FileRegion& region) const {
    return files_.try_emplace(region.file, region.file).first->second;
  }

  [[nodiscard]] const models::ModelFile& file() const { return file_; }

 private:
  models::ModelFile file_;
  mutable std::map<std::string, InputFile> files_;
  mutable const models::Tensor* computed_ = nullptr;
  mutable std::vector<double> values_;
};

ArrayEntry entry_of(const ModelBytes& bytes, std::size_t index) {
  const models::Tensor& tensor = bytes.file().model.tensors[index];
  const auto* const region = std::get_if<models::FileRegion>(&tensor.numbers);
  ArrayEntry entry;
  entry.name = tensor.name;
  entry.shape = tensor.shape;
  entry.member = index;
  entry.type = region == nullptr ? ElementType::f64 : region->type;
  const std::optional<std::uint64_t> size = byte_count(entry.shape, entry.type);
  if (!size) {
    throw DataError(
        bytes.file().path,
        fmt::format("{}: {} is 2^63 bytes or more", described(entry), shape_to_text(entry.shape)),
        "export the model again");
  }
  entry.bytes = *size;
  if (region == nullptr) return entry;
  entry.offset = region->offset;
  entry.fortran_order = region->reversed;
  const std::uint64_t in_file = bytes.file_of(*region).size();
  if (entry.offset > in_file || entry.bytes > in_file - entry.offset) {
    throw DataError(region->file,
                    fmt::format("{} ends at byte {}, and the file has {}", described(entry),
                                entry.offset + entry.bytes, in_file),
                    cut_short);
  }
  return entry;
}

}  // namespace

ArrayFile model_arrays(const std::string& path, models::ModelFile model) {
  if (model.model.tensors.empty()) {
    throw DataError(path, fmt::format("this {} model has no numbers", model.model.format),
                    advice_for(model.model.format));
  }
  auto bytes = std::make_unique<ModelBytes>(std::move(model));
  std::vector<ArrayEntry> entries;
  for (std::size_t i = 0; i < bytes->file().model.tensors.size(); ++i) {
    entries.push_back(entry_of(*bytes, i));
  }
  return {path, model_format, std::move(entries), std::move(bytes)};
}

void write_model_tensors(const std::string& path, models::ModelFile model) {
  const std::string name = model.path;
  const ArrayFile file = model_arrays(name, std::move(model));
  std::vector<StoredTensor> tensors;
  for (const ArrayEntry& entry : file.entries()) {
    const bool is_short = entry.type == ElementType::f32 || size_of(entry.type) <= 2;
    const auto write = [&file, &entry](auto zero, const Sink& sink) {
      constexpr std::int64_t most = std::int64_t{1} << 16U;
      std::vector<decltype(zero)> values;
      for (std::int64_t first = 0; first < entry.elements(); first += most) {
        values.resize(static_cast<std::size_t>(std::min(most, entry.elements() - first)));
        file.read_range(entry, first, std::span(values));
        sink({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(zero)});
      }
    };
    tensors.push_back({entry.name, entry.shape, is_short ? ElementType::f32 : ElementType::f64,
                       [write, is_short](const Sink& sink) {
                         if (is_short) return write(float{}, sink);
                         write(double{}, sink);
                       }});
  }
  write_stored(path, tensors, {});
}

}  // namespace smoothbound
