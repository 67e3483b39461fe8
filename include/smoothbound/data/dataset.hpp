// Samples to run a network on, from files or generated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound {

/// Where samples come from.
class SampleSource {
 public:
  SampleSource() = default;
  SampleSource(const SampleSource&) = delete;
  SampleSource& operator=(const SampleSource&) = delete;
  virtual ~SampleSource() = default;
  /// Samples from `first` on, as many as fit in `values`, one behind the other, as they are stored.
  virtual void read(std::int64_t first, std::span<float> values) const = 0;
  virtual void read(std::int64_t first, std::span<double> values) const = 0;
};

/// What numbers of a file are divided by: whole ones by what was `asked` for, if anything was; else
/// bytes by 255, which makes pixels numbers from 0 to 1, and all others by 1.
double divisor_of(ElementType type, std::optional<double> asked);

/// Samples of one shape, read when asked for, and divided. Not for several threads at once.
struct Dataset {
  std::string name;  // the file or word by which the user asked for it
  Shape sample_shape;
  std::int64_t samples = 0;
  std::optional<std::vector<std::int64_t>> labels;  // of each sample, 0 to classes - 1
  std::int64_t classes = 0;                         // 0: no labels
  std::shared_ptr<const SampleSource> source;
  std::optional<ElementType> type;  // in the file; none of generated ones
  double divisor = 1;               // of what is read
  /// Of the labels of a sample, [length] or [height, width] where its positions have one each, but
  /// for axes of size 1. None: it has one label.
  std::vector<std::int64_t> label_axes = {};

  /// How many a sample has.
  [[nodiscard]] std::int64_t labels_of_sample() const;

  /// Samples first to first + count - 1, where count = values.size() / sample_shape.elements(), in
  /// C order [sample, channel, ...]. Throws DataError if they cannot be read or hold NaN or
  /// infinities, std::out_of_range if there are no such samples.
  void read(std::int64_t first, std::span<float> values) const;
  void read(std::int64_t first, std::span<double> values) const;
};

enum class Split { train, test };

struct DatasetOptions {
  Split split = Split::test;
  /// A file of labels, IDX or NPY, for samples that come without: [n], [n, length] or
  /// [n, height, width].
  std::optional<std::string> labels;
  /// Of whole numbers, see `divisor_of`.
  std::optional<double> divisor;
  /// Where `fashion-mnist` is looked for.
  std::string fashion_mnist_directory = "/usr/share/datasets/fashion-mnist";
};

/// Opens, by name or by what the file or directory holds:
///  - `fashion-mnist`: Debian's package dataset-fashion-mnist;
///  - a directory with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
///    t10k-labels-idx1-ubyte, each plain or as .gz, and perhaps with a dot as in
///    train-images.idx3-ubyte;
///  - a directory with data_batch_1.bin to data_batch_5.bin or test_batch.bin of CIFAR-10, or with
///    train.bin or test.bin of CIFAR-100 (labels are the fine ones), or one of these files;
///  - a directory with one of these in a folder that has the name that archives and torchvision
///    give it: raw, MNIST/raw, cifar-10-batches-bin, cifar-100-binary;
///  - an IDX file, plain or compressed with gzip: [n, features], [n, height, width] for one
///    channel, [n, channels, height, width];
///  - an NPY file: [n, features], [n, channels, length], [n, channels, height, width],
///    [n, channels, depth, height, width].
/// Throws DataError, also if a divisor other than 1 is asked for and the numbers are not whole.
Dataset open_dataset(const std::string& name, const DatasetOptions& options = {});

/// Standard normal samples, and labels uniform among `classes` (0: none): element i of sample j is
/// RandomSequence(seed).normal(j * elements + i), its label RandomSequence(seed, 1).below(j,
/// classes). With `label_axes` there are as many labels, one sample's behind the other's. Throws
/// ShapeError if there are 2^63 numbers or more.
Dataset random_dataset(const Shape& sample_shape, std::int64_t samples, std::uint64_t seed,
                       std::int64_t classes = 0, std::vector<std::int64_t> label_axes = {});

/// Random samples with ids in place of their numbers, uniform in 0 to ids - 1: element i of sample
/// j is RandomSequence(seed).below(j * elements + i, ids), for 1 <= ids < 2^32.
Dataset with_random_ids(Dataset dataset, std::int64_t ids, std::uint64_t seed);

/// Opens an NPY file of targets, [samples, outputs...]: what each of `samples` samples should give,
/// where an output has the shape `output`. Throws DataError. Elements are checked when they are
/// read, from its only entry.
ArrayFile open_targets(const std::string& path, std::int64_t samples, const Shape& output);

enum class Border { none, zeros };

/// `dataset` for a network whose input has the shape `wanted`: as it is; the same numbers, if the
/// shapes differ in axes of size 1 only ([28, 28] for [1, 28, 28]), or if `wanted` is [features]
/// and has as many; or, if asked for, with a border of zeros around each image (the odd one
/// behind), as LeNet-5 has it. Throws DataError for every other shape.
Dataset fit_samples(Dataset dataset, const Shape& wanted, Border border = Border::none);

}  // namespace smoothbound
