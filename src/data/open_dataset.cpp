#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "formats.hpp"
#include "sample_sources.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void set_labels(Dataset& dataset, const std::string& path) {
  LabelArray read = read_labels(path, dataset.samples);
  dataset.labels = std::move(read.labels);
  dataset.label_axes = std::move(read.axes);
  const auto largest = std::ranges::max_element(*dataset.labels);
  dataset.classes = largest == dataset.labels->end() ? 0 : *largest + 1;
}

struct IdxPair {
  std::string_view images;
  std::string_view labels;
};

IdxPair names_of(Split split) {
  return split == Split::train ? IdxPair{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}
                               : IdxPair{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
}

// The path of this file of MNIST, perhaps with .gz, or with a dot in its name, as Windows and macOS
// unpack it; none if there is none of them.
std::optional<std::string> find_idx(const std::string& directory, std::string_view file) {
  std::string dotted(file);
  dotted[dotted.rfind("-idx")] = '.';
  for (const std::string_view name : {file, std::string_view(dotted)}) {
    for (const std::string_view extension : {"", ".gz"}) {
      std::string path = fmt::format("{}/{}{}", directory, name, extension);
      if (exists(path)) return path;
    }
  }
  return std::nullopt;
}

Dataset open_idx_pair(const std::string& name, const std::string& directory,
                      const DatasetOptions& options) {
  const auto find = [&](std::string_view file) {
    const std::optional<std::string> path = find_idx(directory, file);
    if (!path) {
      throw DataError(directory, fmt::format("there is no file '{}' or '{}.gz'", file, file),
                      "put it there, or take the other part of the data with --split");
    }
    return *path;
  };
  const IdxPair names = names_of(options.split);
  const std::string labels = find(names.labels);
  Dataset dataset =
      dataset_of_array(name, idx_format.open(InputFile(find(names.images))), options.divisor);
  set_labels(dataset, labels);
  return dataset;
}

bool has_idx(const std::string& directory) {
  return std::ranges::any_of(std::array{Split::train, Split::test}, [&](Split split) {
    return find_idx(directory, names_of(split).images).has_value();
  });
}

struct CifarFiles {
  const CifarFormat& format;
  std::vector<std::string_view> train;
  std::string_view test;

  [[nodiscard]] std::vector<std::string_view> of(Split split) const {
    return split == Split::train ? train : std::vector{test};
  }
};

const std::array<CifarFiles, 2>& cifar_files() {
  static const std::array<CifarFiles, 2> files{
      {{cifar_10,
        {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
         "data_batch_5.bin"},
        "test_batch.bin"},
       {cifar_100, {"train.bin"}, "test.bin"}}};
  return files;
}

// Null if there is no file of either.
const CifarFiles* find_cifar(const std::string& directory) {
  const auto has = [&](std::string_view name) {
    return exists(fmt::format("{}/{}", directory, name));
  };
  const auto* const found = std::ranges::find_if(cifar_files(), [&](const CifarFiles& files) {
    return has(files.test) || has(files.train.front());
  });
  return found == cifar_files().end() ? nullptr : found;
}

Dataset open_cifar_directory(const std::string& name, const std::string& directory,
                             const CifarFiles& files, const DatasetOptions& options) {
  std::vector<InputFile> opened;
  for (const std::string_view file : files.of(options.split)) {
    opened.emplace_back(fmt::format("{}/{}", directory, file));
  }
  return open_cifar(name, files.format, std::move(opened), options.divisor);
}

// The directory itself, or folders in it that go by a name of a dataset's folder, in which there is
// one.
std::vector<std::string> find_datasets(const std::string& directory) {
  std::vector<std::string> found;
  for (const std::string_view folder :
       {"", "/raw", "/MNIST/raw", "/cifar-10-batches-bin", "/cifar-100-binary"}) {
    std::string path = directory + std::string(folder);
    if (!has_idx(path) && find_cifar(path) == nullptr) continue;
    found.push_back(std::move(path));
    if (folder.empty()) break;
  }
  return found;
}

Dataset open_directory(const std::string& name, const DatasetOptions& options) {
  const std::vector<std::string> found = find_datasets(name);
  if (found.empty()) {
    throw DataError(name, "there is no dataset in this directory",
                    "known are the four IDX files of MNIST (train-images-idx3-ubyte, ...), plain "
                    "or as .gz, and the binary files of CIFAR-10 (data_batch_1.bin, ...) and "
                    "CIFAR-100 (train.bin, test.bin)");
  }
  if (found.size() > 1) {
    throw DataError(name, fmt::format("there are {} datasets in this directory", found.size()),
                    fmt::format("name one of them: {}", fmt::join(found, ", ")));
  }
  if (has_idx(found.front())) return open_idx_pair(name, found.front(), options);
  return open_cifar_directory(name, found.front(), *find_cifar(found.front()), options);
}

Dataset open_file(const std::string& path, const DatasetOptions& options) {
  using enum ArrayContents;
  InputFile file(path);
  refuse_empty(file);
  refuse_pickle(file);
  // A record of CIFAR may begin as IDX does, with a label 0 and black pixels; its size tells.
  const bool cifar_name = std::filesystem::path(path).extension() == ".bin";
  const auto* const records = std::ranges::find_if(cifar_files(), [&](const CifarFiles& files) {
    return file.size() % files.format.record() == 0;
  });
  const bool are_records = records != cifar_files().end();
  const ArrayFormat* format = find_format(file, {dataset, array});
  if (format != nullptr && !(format->contents == dataset && are_records && cifar_name)) {
    return dataset_of_array(path, format->open(std::move(file)), options.divisor);
  }
  if (are_records || cifar_name) {
    std::vector<InputFile> files;
    files.push_back(std::move(file));
    return open_cifar(path, are_records ? records->format : cifar_10, std::move(files),
                      options.divisor);
  }
  std::vector<std::string_view> known = array_formats({dataset});
  known.emplace_back("CIFAR");
  std::ranges::copy(array_formats({array}), std::back_inserter(known));
  throw DataError(path, fmt::format("this is no {} file", join_or(known)),
                  "the format is told by the content, whatever the name of the file");
}

Dataset open_fashion_mnist(const std::string& name, const DatasetOptions& options) {
  const std::string& directory = options.fashion_mnist_directory;
  if (!is_directory(directory)) {
    throw DataError(name, fmt::format("there is no directory '{}'", directory),
                    "install it: apt-get install dataset-fashion-mnist");
  }
  return open_idx_pair(name, directory, options);
}

}  // namespace

std::int64_t Dataset::labels_of_sample() const {
  std::int64_t product = 1;
  for (const std::int64_t size : label_axes) product = checked_product(product, size, "labels");
  return product;
}

Dataset open_dataset(const std::string& name, const DatasetOptions& options) {
  Dataset dataset = name == "fashion-mnist" ? open_fashion_mnist(name, options)
                    : is_directory(name)    ? open_directory(name, options)
                                            : open_file(name, options);
  if (options.labels) set_labels(dataset, *options.labels);
  return dataset;
}

}  // namespace smoothbound
