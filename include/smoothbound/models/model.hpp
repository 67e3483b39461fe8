// Models of other programs as architecture files: one door for all formats.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/models/network.hpp"
#include "smoothbound/text/source.hpp"

namespace smoothbound::models {

struct ImportOptions {
  /// What batch norms of a file with running statistics become: with these as fixed numbers, or
  /// with the statistics of each batch, as in training.
  enum class BatchNorms : std::uint8_t { fixed, batch };
  BatchNorms batch_norms = BatchNorms::fixed;
  /// Whether the text gives the numbers of fixed statistics, or leaves them to a file of weights.
  bool statistics_in_text = true;
  /// Whether the first axis of an ONNX input with several is that of the samples.
  bool first_axis_is_batch = true;
  /// The file with the numbers of a model whose format keeps them apart (Darknet). Empty: none.
  std::string numbers_file;
};

/// A model in the words of this program.
struct ImportedModel {
  std::string_view format;  // "ONNX"
  std::string text;         // an architecture file: what `read_spec` reads
  std::vector<Tensor>
      tensors;  // that its blocks and batch norms read; none: the file has no numbers
  std::vector<std::string> notes;
};

/// A format of models that is read.
struct ModelFormat {
  std::string_view name;     // "ONNX"
  std::string_view endings;  // "*.onnx", for people
  bool is_text;              // so that places in a file can be shown
  /// Whether a file of this name that begins like this (with 16 KiB at most) is one.
  bool (*recognizes)(std::string_view path, std::string_view beginning);
  /// `content`: all of the file, mapped or in memory. Throws SpecErrors with all that is not
  /// understood, at places in `content` where that is text, else at `whole_file`.
  ImportedModel (*read)(std::string_view path, std::string_view content,
                        const ImportOptions& options);
  /// What is understood: operators or layers with what they become, for `import --list`.
  struct Understood {
    std::string name;
    std::string becomes;
  };
  std::vector<Understood> (*understood)();
  /// What a file of its own with the numbers is called; empty: none is read.
  std::string_view numbers_ending = {};
};

/// All of them; a new one is one row in src/models/formats.cpp.
std::span<const ModelFormat> model_formats();
/// The format of such a file, or null.
const ModelFormat* find_format(std::string_view path, std::string_view beginning);

/// As much of a file as `find_format` wants to see.
inline constexpr std::size_t beginning_bytes = std::size_t{1} << 14U;

/// The bytes of a regular file, mapped: what is not looked at is not read. A file that is cut short
/// while it is mapped ends the program by a signal.
class MappedFile {
 public:
  /// Throws NotReadable, and std::runtime_error if it cannot be mapped.
  explicit MappedFile(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

/// A model with the file that its numbers may refer to.
struct ModelFile {
  std::string path;
  std::shared_ptr<const MappedFile> content;
  ImportedModel model;
};

/// Reads the model at `path`; nothing if it is none. Throws as `MappedFile` and
/// `ModelFormat::read`.
std::optional<ModelFile> read_model_file(const std::string& path, const ImportOptions& options);

}  // namespace smoothbound::models
