#include "readers.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/data/prepare.hpp"
#include "smoothbound/data/weights.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/source.hpp"
#include "smoothbound/text/source_errors.hpp"

namespace smoothbound::fuzz {
namespace {

// A small file may hold a large array, if that is compressed: only its beginning is of interest.
constexpr std::int64_t most_elements = 1 << 20;

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

template <class Read>
void guarded(const Read& read) {
  try {
    read();
  } catch (const DataError& error) {
    const std::string text = render_error(error);
    require(!std::string(error.what()).empty(), "a message says something");
    require(!error.file.empty(), "a message says where");
    require(!error.hint.empty() || error.remedy != Remedy::none, "a message says what to do");
    require(text.ends_with('\n') && std::ranges::count(text, '\n') <= 2,
            "nothing in a message breaks its line");
    require(find_invalid_text(text) == std::string::npos && text.find('\x1b') == std::string::npos,
            "nothing in a message drives a terminal");
  } catch (const SourceErrors& error) {  // what looked like a model of another program
    for (const SpecError& one : error.errors.all) {
      require(!one.hint.empty() || one.remedy != Remedy::none, "a message says what to do");
    }
  }
}

template <class Value>
void read_all(const ArrayFile& file, const ArrayEntry& entry) {
  std::vector<Value> values(static_cast<std::size_t>(std::min(entry.elements(), most_elements)));
  file.read_range(entry, 0, std::span(values));
  require(std::ranges::all_of(values, [](Value x) { return std::isfinite(x); }),
          "what is read is finite");
}

void read_samples(const Dataset& dataset) {
  require(dataset.samples > 0, "there are samples");
  require(
      !dataset.labels || dataset.labels->size() ==
                             static_cast<std::size_t>(dataset.samples * dataset.labels_of_sample()),
      "each sample has its labels");
  const std::int64_t elements = dataset.sample_shape.elements();
  if (elements > most_elements) return;
  const std::int64_t count = std::clamp<std::int64_t>(most_elements / elements, 1, dataset.samples);
  std::vector<float> values(static_cast<std::size_t>(count * elements));
  dataset.read(dataset.samples - count, std::span(values));
  load_samples(dataset, 0, {.standardise = true, .norm = 1}, std::span(values));
  require(std::ranges::all_of(values, [](float x) { return std::isfinite(x); }),
          "prepared samples are finite");
}

// The path of a file in memory with four samples, for labels to belong to.
const std::string& four_images() {
  static const std::string path = [] {
    constexpr std::string_view images("\0\0\x08\2\0\0\0\4\0\0\0\1\1\2\3\4", 16);
    const int file = memfd_create("images", 0);
    require(write(file, images.data(), images.size()) == 16, "there is room for 16 bytes");
    return "/proc/self/fd/" + std::to_string(file);
  }();
  return path;
}

}  // namespace

void read_arrays(const std::string& path) {
  guarded([&] {
    const ArrayFile file = open_array_file(path);
    for (const ArrayEntry& entry : file.entries()) {
      // Each array by itself, so that one bad value does not hide the others.
      guarded([&] { read_all<float>(file, entry); });
      guarded([&] { read_all<double>(file, entry); });
    }
  });
}

void read_network_weights(const std::string& path) {
  const std::vector<ExpectedTensor> expected{{"c1.weight", {2, 1, 3, 3}}, {"c1.bias", {2}}};
  guarded([&] {
    const ArrayFile file = read_weights(path, expected);
    require(file.entries().size() == expected.size(), "an entry for each tensor");
    for (std::size_t i = 0; i < expected.size(); ++i) {
      require(file.entries()[i].shape == expected[i].shape, "shapes are the expected ones");
      read_all<float>(file, file.entries()[i]);
    }
  });
}

void read_idx(const std::string& path) {
  guarded([&] { read_samples(open_dataset(path)); });
}

void read_idx_labels(const std::string& path) {
  guarded([&] {
    DatasetOptions options;
    options.labels = path;
    read_samples(open_dataset(four_images(), options));
  });
}

void read_cifar(const std::string& path) { read_idx(path); }

}  // namespace smoothbound::fuzz
