#include <fmt/format.h>

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
  dataset.labels = read_labels(path, dataset.samples);
  const auto largest = std::ranges::max_element(*dataset.labels);
  dataset.classes = largest == dataset.labels->end() ? 0 : *largest + 1;
}

// The name of MNIST's file for this, or the same with .gz; none if there is neither.
std::optional<std::string> find_idx(const std::string& directory, std::string_view file) {
  for (const std::string_view extension : {"", ".gz"}) {
    std::string path = fmt::format("{}/{}{}", directory, file, extension);
    if (exists(path)) return path;
  }
  return std::nullopt;
}

struct IdxPair {
  std::string_view images;
  std::string_view labels;
};

IdxPair names_of(Split split) {
  return split == Split::train ? IdxPair{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}
                               : IdxPair{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
}

Dataset open_idx_pair(const std::string& name, const std::string& directory, Split split) {
  const auto find = [&](std::string_view file) {
    const std::optional<std::string> path = find_idx(directory, file);
    if (!path) {
      throw DataError(directory, fmt::format("there is no file '{}' or '{}.gz'", file, file));
    }
    return *path;
  };
  const IdxPair names = names_of(split);
  const std::string labels = find(names.labels);
  Dataset dataset = dataset_of_array(name, idx_format.open(InputFile(find(names.images))));
  set_labels(dataset, labels);
  return dataset;
}

bool has_idx(const std::string& directory) {
  return std::ranges::any_of(std::array{Split::train, Split::test}, [&](Split split) {
    return find_idx(directory, names_of(split).images).has_value();
  });
}

constexpr std::array cifar_train{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                 "data_batch_4.bin", "data_batch_5.bin"};
constexpr std::string_view cifar_test = "test_batch.bin";

Dataset open_cifar_directory(const std::string& directory, Split split) {
  std::vector<InputFile> files;
  if (split == Split::test) {
    files.emplace_back(fmt::format("{}/{}", directory, cifar_test));
  } else {
    for (const char* const name : cifar_train) {
      files.emplace_back(fmt::format("{}/{}", directory, name));
    }
  }
  return open_cifar(directory, std::move(files));
}

Dataset open_directory(const std::string& directory, Split split) {
  if (has_idx(directory)) return open_idx_pair(directory, directory, split);
  if (exists(fmt::format("{}/{}", directory, cifar_test)) ||
      exists(fmt::format("{}/{}", directory, cifar_train.front()))) {
    return open_cifar_directory(directory, split);
  }
  throw DataError(directory, "there is no dataset in this directory",
                  "known are the four IDX files of MNIST (train-images-idx3-ubyte, ...), plain or "
                  "as .gz, and the files of CIFAR-10 (data_batch_1.bin, ...)");
}

Dataset open_file(const std::string& path) {
  using enum ArrayContents;
  InputFile file(path);
  if (file.size() == 0) throw DataError(path, "the file is empty");
  refuse_pickle(file);
  // A record of CIFAR-10 may begin as IDX does, with a label 0 and black pixels; its size tells.
  const bool records = file.size() % cifar_record == 0;
  const bool cifar_name = std::filesystem::path(path).extension() == ".bin";
  const ArrayFormat* format = find_format(file, {dataset, array});
  if (format != nullptr && !(format->contents == dataset && records && cifar_name)) {
    return dataset_of_array(path, format->open(std::move(file)));
  }
  if (records || cifar_name) {
    std::vector<InputFile> files;
    files.push_back(std::move(file));
    return open_cifar(path, std::move(files));
  }
  std::vector<std::string_view> known = array_formats({dataset});
  known.emplace_back("CIFAR-10");
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
  return open_idx_pair(name, directory, options.split);
}

}  // namespace

Dataset open_dataset(const std::string& name, const DatasetOptions& options) {
  Dataset dataset = name == "fashion-mnist" ? open_fashion_mnist(name, options)
                    : is_directory(name)    ? open_directory(name, options.split)
                                            : open_file(name);
  if (options.labels) set_labels(dataset, *options.labels);
  return dataset;
}

}  // namespace smoothbound
