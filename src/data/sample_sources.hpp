// Datasets from the kinds of files that there are, each opened by one function.
#pragma once

#include <string>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/data/input_file.hpp"

namespace smoothbound {

/// A record of CIFAR: labels of a byte each, then 3 x 32 x 32 pixels. The last label is the class.
struct CifarFormat {
  std::string_view name;
  std::uint64_t labels;
  std::int64_t classes;

  static constexpr std::uint64_t pixels = 3072;  // bytes
  [[nodiscard]] constexpr std::uint64_t record() const { return labels + pixels; }
};
constexpr CifarFormat cifar_10{"CIFAR-10", 1, 10};
constexpr CifarFormat cifar_100{"CIFAR-100", 2, 100};  // one of 20 superclasses, and the class

/// The files one after another. Throws DataError for sizes that are no multiple of a record, and
/// for labels beyond the classes.
Dataset open_cifar(const std::string& name, const CifarFormat& format, std::vector<InputFile> files,
                   std::optional<double> divisor);

/// Samples along the first axis. Throws DataError for truth values, for shapes that are not those
/// of samples, and for a divisor other than 1 of numbers that are not whole.
Dataset dataset_of_array(const std::string& name, ArrayFile file, std::optional<double> divisor);

/// A file of labels, IDX or NPY, for `samples` samples: [samples] or [samples, 1]. Throws
/// DataError.
struct LabelArray {
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> axes;  // `Dataset::label_axes`
};
LabelArray read_labels(const std::string& path, std::int64_t samples);

}  // namespace smoothbound
