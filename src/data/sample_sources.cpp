#include "sample_sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats.hpp"
#include "smoothbound/data/random.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

constexpr const char* as_numbers = "save it as numbers, e.g. with array.astype('float32')";

// Of both precisions from one template.
template <class Derived>
class SourceOf : public SampleSource {
 public:
  void read(std::int64_t first, std::span<float> values) const override {
    self().fill(first, values);
  }
  void read(std::int64_t first, std::span<double> values) const override {
    self().fill(first, values);
  }

 private:
  friend Derived;
  SourceOf() = default;
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

class ArraySource : public SourceOf<ArraySource> {
 public:
  explicit ArraySource(ArrayFile file)
      : file_(std::move(file)),
        elements_(file_.entries().front().elements() /
                  std::max<std::int64_t>(file_.entries().front().shape.front(), 1)) {}

  template <class Value>
  void fill(std::int64_t first, std::span<Value> values) const {
    file_.read_range(file_.entries().front(), first * elements_, values);
  }

 private:
  ArrayFile file_;
  std::int64_t elements_;
};

class CifarSource : public SourceOf<CifarSource> {
 public:
  CifarSource(const CifarFormat& format, std::vector<InputFile> files)
      : format_(format), files_(std::move(files)) {}

  template <class Value>
  void fill(std::int64_t first, std::span<Value> values) const {
    std::array<std::byte, CifarFormat::pixels> bytes{};
    for (std::size_t at = 0; at < values.size(); at += bytes.size(), ++first) {
      read_pixels(static_cast<std::uint64_t>(first), bytes);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        values[at + i] = static_cast<Value>(bytes.at(i));
      }
    }
  }

 private:
  void read_pixels(std::uint64_t sample, std::span<std::byte> bytes) const {
    for (const InputFile& file : files_) {
      const std::uint64_t count = file.size() / format_.record();
      if (sample < count) return file.read(sample * format_.record() + format_.labels, bytes);
      sample -= count;
    }
  }

  const CifarFormat& format_;
  std::vector<InputFile> files_;
};

class RandomSource : public SourceOf<RandomSource> {
 public:
  RandomSource(std::int64_t elements, std::uint64_t seed) : elements_(elements), numbers_(seed) {}

  template <class Value>
  void fill(std::int64_t first, std::span<Value> values) const {
    auto index = static_cast<std::uint64_t>(first * elements_);
    for (Value& value : values) value = static_cast<Value>(numbers_.normal(index++));
  }

 private:
  std::int64_t elements_;
  RandomSequence numbers_;
};

class RandomIdSource : public SourceOf<RandomIdSource> {
 public:
  RandomIdSource(std::int64_t elements, std::int64_t ids, std::uint64_t seed)
      : elements_(elements), ids_(ids), numbers_(seed) {}

  template <class Value>
  void fill(std::int64_t first, std::span<Value> values) const {
    auto index = static_cast<std::uint64_t>(first * elements_);
    for (Value& value : values) value = static_cast<Value>(numbers_.below(index++, ids_));
  }

 private:
  std::int64_t elements_;
  std::int64_t ids_;
  RandomSequence numbers_;
};

// Images with a border of zeros.
class PaddedSource : public SourceOf<PaddedSource> {
 public:
  PaddedSource(std::shared_ptr<const SampleSource> inner, const Shape& from, const Shape& to)
      : inner_(std::move(inner)), from_(from), to_(to) {}

  template <class Value>
  void fill(std::int64_t first, std::span<Value> values) const {
    const auto elements = static_cast<std::size_t>(to_.elements());
    std::vector<Value> sample(static_cast<std::size_t>(from_.elements()));
    std::ranges::fill(values, Value{0});
    for (std::size_t at = 0; at < values.size(); at += elements) {
      inner_->read(first++, std::span<Value>(sample));
      place(sample, values.subspan(at, elements));
    }
  }

 private:
  // Along the last axis whole rows are copied.
  template <class Value>
  void place(const std::vector<Value>& sample, std::span<Value> values) const {
    // The axis that many before the last one.
    const auto size = [](const Shape& shape, int before_last) {
      const int axis = shape.spatial_rank() - 1 - before_last;
      return axis < 0 ? 1 : shape.spatial(axis);
    };
    const auto border = [&](int before_last) {
      return (size(to_, before_last) - size(from_, before_last)) / 2;
    };
    const std::int64_t columns = size(from_, 0);
    const std::int64_t rows = size(from_, 1);
    const std::int64_t planes = from_.elements() / (rows * columns);  // of all channels
    const std::int64_t depth = size(from_, 2);
    for (std::int64_t plane = 0; plane < planes; ++plane) {
      const std::int64_t plane_to = plane / depth * size(to_, 2) + plane % depth + border(2);
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t from = (plane * rows + row) * columns;
        const std::int64_t to = (plane_to * size(to_, 1) + row + border(1)) * size(to_, 0);
        std::copy_n(sample.begin() + from, columns, values.begin() + to + border(0));
      }
    }
  }

  std::shared_ptr<const SampleSource> inner_;
  Shape from_;
  Shape to_;
};

template <class Value>
void check_range(const Dataset& dataset, std::int64_t first, std::span<Value> values) {
  const auto elements = static_cast<std::size_t>(dataset.sample_shape.elements());
  const auto count = static_cast<std::int64_t>(values.size() / elements);
  if (values.size() % elements != 0 || first < 0 || count > dataset.samples ||
      first > dataset.samples - count) {
    throw std::out_of_range("samples out of range");
  }
}

template <class Value>
void read_divided(const Dataset& dataset, std::int64_t first, std::span<Value> values) {
  check_range(dataset, first, values);
  dataset.source->read(first, values);
  if (dataset.divisor == 1) return;
  for (Value& value : values) value /= static_cast<Value>(dataset.divisor);
}

// Whether numbers of one shape are those of the other in the same order, but for axes of size 1.
bool differ_in_ones(const Shape& a, const Shape& b) {
  return without_ones(a.sizes()) == without_ones(b.sizes());
}

// An image without an axis for its one channel, where the network has that axis.
Shape with_channel(const Shape& shape, const Shape& wanted) {
  const bool grey = shape.rank() == 2 && wanted.rank() == 3 && wanted.channels() == 1;
  return grey ? Shape{1, shape.channels(), shape.spatial(0)} : shape;
}

std::string hint_for_shape(const Shape& shape, const Shape& wanted, bool may_pad) {
  if (may_pad) return "a border of zeros would make them fit";
  if (shape.rank() == 3 && wanted.rank() == 3 &&
      shape == Shape{wanted.spatial(0), wanted.spatial(1), wanted.channels()}) {
    return "their channels come last: put them first, with array.transpose(0, 3, 1, 2)";
  }
  return "give the architecture's input the shape of the samples, or resize the samples";
}

bool is_padded(const Shape& from, const Shape& to) {
  if (from == to || from.rank() != to.rank() || from.rank() == 1 ||
      from.channels() != to.channels()) {
    return false;
  }
  for (int axis = 0; axis < from.spatial_rank(); ++axis) {
    if (from.spatial(axis) > to.spatial(axis)) return false;
  }
  return true;
}

}  // namespace

void Dataset::read(std::int64_t first, std::span<float> values) const {
  read_divided(*this, first, values);
}

void Dataset::read(std::int64_t first, std::span<double> values) const {
  read_divided(*this, first, values);
}

double divisor_of(ElementType type, std::optional<double> asked) {
  constexpr double white = 255;
  if (!is_integral(type)) return 1;
  return asked.value_or(type == ElementType::u8 ? white : 1);
}

Dataset open_cifar(const std::string& name, const CifarFormat& format, std::vector<InputFile> files,
                   std::optional<double> divisor) {
  Dataset dataset{name,
                  Shape{3, 32, 32},
                  0,
                  std::vector<std::int64_t>{},
                  format.classes,
                  nullptr,
                  ElementType::u8,
                  divisor_of(ElementType::u8, divisor)};
  const std::uint64_t record = format.record();
  for (const InputFile& file : files) {
    if (file.size() == 0 || file.size() % record != 0) {
      throw DataError(file.path(),
                      fmt::format("{} bytes are no whole number of {} records of {}", file.size(),
                                  format.name, record),
                      "the file may be cut short");
    }
    for (std::uint64_t at = 0; at < file.size(); at += record) {
      std::byte label{};
      file.read(at + format.labels - 1, {&label, 1});
      const auto number = static_cast<std::int64_t>(label);
      if (number >= format.classes) {
        throw DataError(file.path(),
                        fmt::format("sample {} has the label {}; {} has 0 to {}", at / record,
                                    number, format.name, format.classes - 1),
                        "the file is damaged, or of another kind");
      }
      dataset.labels->push_back(number);
    }
  }
  dataset.samples = static_cast<std::int64_t>(dataset.labels->size());
  dataset.source = std::make_shared<CifarSource>(format, std::move(files));
  return dataset;
}

Dataset dataset_of_array(const std::string& name, ArrayFile file, std::optional<double> divisor) {
  const ArrayEntry& entry = file.entries().front();
  const std::span<const std::int64_t> shape(entry.shape);
  const bool idx = file.format().contents == ArrayContents::dataset;
  const auto fail = [&](const std::string& message, const std::string& hint) {
    throw DataError(file.path(), message, hint);
  };
  if (shape.size() < 2 || shape.size() > 1 + static_cast<std::size_t>(Shape::largest_rank)) {
    fail(fmt::format("an array of shape {} holds no samples", shape_to_text(shape)),
         idx && shape.size() == 1
             ? "this seems to be a file of labels; name the images, and this one as their labels"
             : "the first axis counts samples: [n, features], [n, channels, length], [n, channels, "
               "height, width] or [n, channels, depth, height, width]");
  }
  if (std::ranges::find(shape, 0) != shape.end()) {
    fail(fmt::format("an array of shape {} has no elements", shape_to_text(shape)),
         "at least one sample is needed");
  }
  if (entry.type == ElementType::boolean) {
    fail("samples are truth values, not numbers", as_numbers);
  }
  if (divisor.value_or(1) != 1 && !is_integral(entry.type)) {
    fail(fmt::format("the samples are {}, and only whole numbers are divided", name_of(entry.type)),
         "divide them before they are saved");
  }
  std::vector<std::int64_t> sizes(shape.begin() + 1, shape.end());
  // IDX stores grey images without an axis for the channel.
  if (idx && sizes.size() == 2) sizes.insert(sizes.begin(), 1);
  Dataset dataset{name, Shape(sizes), shape.front(), std::nullopt,
                  0,    nullptr,      entry.type,    divisor_of(entry.type, divisor)};
  dataset.source = std::make_shared<ArraySource>(std::move(file));
  return dataset;
}

LabelArray read_labels(const std::string& path, std::int64_t samples) {
  using enum ArrayContents;
  InputFile opened(path);
  refuse_empty(opened);
  const ArrayFormat* format = find_format(opened, {dataset});
  const ArrayFile file =
      format != nullptr ? format->open(std::move(opened)) : open_array_file(path);
  if (file.format().contents == named_arrays) {
    throw DataError(
        path, fmt::format("labels have to be an {} file", join_or(array_formats({dataset, array}))),
        "save them alone, e.g. with numpy.save");
  }
  const ArrayEntry& entry = file.entries().front();
  LabelArray result;
  constexpr std::size_t most_spatial = 2;  // the height and width of an image
  for (std::size_t axis = 1; axis < entry.shape.size(); ++axis) {
    if (entry.shape[axis] != 1) result.axes.push_back(entry.shape[axis]);
  }
  if (entry.shape.empty() || result.axes.size() > most_spatial || entry.elements() == 0) {
    throw DataError(path,
                    fmt::format("an array of shape {} holds no labels", shape_to_text(entry.shape)),
                    "labels are numbers, one for each sample, or for each of its positions: "
                    "[samples] or [samples, height, width]");
  }
  if (entry.shape.front() != samples) {
    throw DataError(
        path, fmt::format("{} labels do not belong to {} samples", entry.shape.front(), samples),
        "name the labels of these samples, one for each");
  }
  std::vector<std::int64_t>& labels = result.labels;
  labels.resize(static_cast<std::size_t>(entry.elements()));
  file.read_range(entry, 0, std::span(labels));
  const auto negative = std::ranges::find_if(labels, [](std::int64_t n) { return n < 0; });
  if (negative != labels.end()) {
    throw DataError(
        path,
        fmt::format("sample {} has the label {}",
                    (negative - labels.begin()) / (entry.elements() / samples), *negative),
        "labels count classes from 0 on");
  }
  return result;
}

ArrayFile open_targets(const std::string& path, std::int64_t samples, const Shape& output) {
  ArrayFile file = open_array_file(path);
  if (file.format().contents != ArrayContents::array) {
    throw DataError(path,
                    fmt::format("targets have to be an {} file",
                                join_or(array_formats({ArrayContents::array}))),
                    "save them alone, e.g. with numpy.save");
  }
  const ArrayEntry& entry = file.entries().front();
  if (entry.type == ElementType::boolean) {
    throw DataError(path, "targets are truth values, not numbers", as_numbers);
  }
  const std::vector<std::int64_t>& shape = entry.shape;
  if (shape.empty() || !std::ranges::equal(std::span(shape).subspan(1), output.sizes())) {
    std::vector<std::int64_t> wanted{samples};
    wanted.insert(wanted.end(), output.sizes().begin(), output.sizes().end());
    throw DataError(path,
                    fmt::format("an array of shape {} holds no targets for outputs of shape {}",
                                shape_to_text(shape), shape_to_text(output.sizes())),
                    fmt::format("for {} sample{} the shape is {}", samples, samples == 1 ? "" : "s",
                                shape_to_text(wanted)));
  }
  if (shape.front() != samples) {
    throw DataError(path,
                    fmt::format("{} targets do not belong to {} samples", shape.front(), samples),
                    "name the targets of these samples, one for each");
  }
  return file;
}

Dataset random_dataset(const Shape& sample_shape, std::int64_t samples, std::uint64_t seed,
                       std::int64_t classes, std::vector<std::int64_t> label_axes) {
  checked_product(sample_shape.elements(), samples, "the number of scalars in the samples");
  Dataset dataset{"random", sample_shape, samples, std::nullopt,         classes,
                  nullptr,  {},           1,       std::move(label_axes)};
  if (classes > 0) {
    const RandomSequence numbers(seed, 1);
    std::vector<std::int64_t> labels(
        static_cast<std::size_t>(checked_product(samples, dataset.labels_of_sample(), "labels")));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = numbers.below(i, classes);
    dataset.labels = std::move(labels);
  }
  dataset.source = std::make_shared<RandomSource>(sample_shape.elements(), seed);
  return dataset;
}

Dataset with_random_ids(Dataset dataset, std::int64_t ids, std::uint64_t seed) {
  dataset.source = std::make_shared<RandomIdSource>(dataset.sample_shape.elements(), ids, seed);
  return dataset;
}

Dataset fit_samples(Dataset dataset, const Shape& wanted, Border border) {
  const Shape shape = with_channel(dataset.sample_shape, wanted);
  const bool may_pad = is_padded(shape, wanted);
  if (may_pad && border == Border::zeros) {
    dataset.source = std::make_shared<PaddedSource>(dataset.source, shape, wanted);
  } else if (!differ_in_ones(shape, wanted) &&
             (wanted.rank() != 1 || shape.elements() != wanted.elements())) {
    throw DataError(dataset.name,
                    fmt::format("samples have the shape {}, the network's input has {}",
                                dataset.sample_shape.to_text(), wanted.to_text()),
                    hint_for_shape(shape, wanted, may_pad));
  }
  dataset.sample_shape = wanted;
  return dataset;
}

}  // namespace smoothbound
