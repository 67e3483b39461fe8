#include "readers.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/data/model_arrays.hpp"
#include "smoothbound/data/prepare.hpp"
#include "smoothbound/data/weights.hpp"
#include "smoothbound/graph/graph.hpp"
#include "smoothbound/models/model.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/mistakes.hpp"
#include "smoothbound/text/source.hpp"
#include "smoothbound/text/source_errors.hpp"

namespace smoothbound::fuzz {
namespace {

// A small file may hold a large array, if that is compressed: only its beginning is of interest.
constexpr std::int64_t most_elements = 1 << 20;

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

// Of a DataError or a SpecError, as it is shown.
template <class Error>
void require_safe(const Error& error, const std::string& text) {
  require(!std::string(error.what()).empty(), "a message says something");
  require(!error.hint.empty() || error.remedy != Remedy::none, "a message says what to do");
  require(text.ends_with('\n'), "a message ends its line");
  require(find_invalid_text(text) == std::string::npos && text.find('\x1b') == std::string::npos,
          "nothing in a message drives a terminal");
}

template <class Read>
void guarded(const Read& read) {
  try {
    read();
  } catch (const DataError& error) {
    const std::string text = render_error(error);
    require_safe(error, text);
    require(!error.file.empty(), "a message says where");
    require(std::ranges::count(text, '\n') <= 2, "nothing in a message breaks its line");
  } catch (const SourceErrors& error) {  // what looked like a model of another program
    for (const SpecError& one : error.errors.all)
      require_safe(one, render_error(error.source, one));
  }
}

// What `read` refuses is shown as a mistake in `source`.
template <class Read>
void guarded_in(const Source& source, const Read& read) {
  try {
    read();
  } catch (const SpecErrors& errors) {
    for (const SpecError& error : errors.all) require_safe(error, render_error(source, error));
  } catch (const SpecError& error) {
    require_safe(error, render_error(source, error));
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

// Each array by itself, so that one bad value does not hide the others.
void read_entries(const ArrayFile& file) {
  for (const ArrayEntry& entry : file.entries()) {
    guarded([&] { read_all<float>(file, entry); });
    guarded([&] { read_all<double>(file, entry); });
  }
}

// All that the program does with a model's text.
void build_network(const Source& source) {
  guarded_in(source, [&] {
    MistakeList mistakes;
    Spec spec = read_spec(source, {}, mistakes);
    build_graph(std::move(spec), 1, std::move(mistakes));
  });
}

}  // namespace

void read_arrays(const std::string& path) {
  guarded([&] { read_entries(open_array_file(path)); });
}

void read_network_weights(const std::string& path) {
  const std::vector<ExpectedTensor> expected{{"c1.weight", {2, 1, 3, 3}}, {"c1.bias", {2}}};
  guarded([&] {
    const ArrayFile file = read_weights(path, expected);
    require(file.entries().size() == expected.size(), "an entry for each tensor");
    for (std::size_t i = 0; i < expected.size(); ++i) {
      std::vector<std::int64_t> shape = file.entries()[i].shape;
      std::vector<std::int64_t> expected_shape = expected[i].shape;
      std::erase(shape, 1);
      std::erase(expected_shape, 1);
      require(shape == expected_shape, "shapes are the expected ones, but for axes of one entry");
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

void read_model(std::string_view format, const std::string& path) {
  const auto mapped = std::make_shared<const models::MappedFile>(path);
  const std::string content(mapped->bytes());  // whose end a sanitizer knows
  for (const models::ModelFormat& row : models::model_formats()) {
    row.recognizes(path, std::string_view(content).substr(0, models::beginning_bytes));
    if (row.name != format) continue;
    const Source source{path, row.is_text ? content : std::string()};
    guarded_in(source, [&] {
      models::ImportedModel model = row.read(path, content, {});
      build_network({"net.yaml", model.text});
      guarded([&] { read_entries(model_arrays(path, {path, mapped, std::move(model)})); });
    });
  }
}

void read_onnx(const std::string& path) { read_model("ONNX", path); }
void read_keras(const std::string& path) { read_model("Keras", path); }
void read_darknet(const std::string& path) { read_model("Darknet", path); }
void read_prototxt(const std::string& path) { read_model("Caffe", path); }

}  // namespace smoothbound::fuzz
