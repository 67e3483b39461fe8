// Datasets from the kinds of files that there are, each opened by one function.
#pragma once

#include <string>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/data/input_file.hpp"

namespace smoothbound {

/// Bytes of a CIFAR-10 record: a label, then 3 x 32 x 32 pixels.
constexpr std::uint64_t cifar_record = 3073;

/// The files one after another. Throws DataError for sizes that are no multiple of a record, and
/// for labels above 9.
Dataset open_cifar(const std::string& name, std::vector<InputFile> files);

/// Samples along the first axis. Throws DataError for truth values and for shapes that are not
/// those of samples.
Dataset dataset_of_array(const std::string& name, ArrayFile file);

/// A file of labels, IDX or NPY, for `samples` samples. Throws DataError.
std::vector<std::int64_t> read_labels(const std::string& path, std::int64_t samples);

}  // namespace smoothbound
