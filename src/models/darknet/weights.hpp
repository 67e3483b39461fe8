// A file of weights of Darknet: a header, then float32 numbers of each layer in the order of the
// configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/models/model.hpp"

namespace smoothbound::models::darknet {

class Weights {
 public:
  /// Throws SpecError, at `whole_file`, for what cannot be read or has no header.
  explicit Weights(std::string path);

  /// The place of the next `count` numbers, which may lie behind the end of the file.
  /// Throws ShapeError for very many.
  FileRegion take(std::int64_t count);
  /// Numbers that were taken; none where they end behind the file.
  [[nodiscard]] std::vector<float> values(const FileRegion& region, std::int64_t count) const;
  /// Whether matrices of [connected] layers are stored by columns.
  [[nodiscard]] bool is_transposed() const { return is_transposed_; }
  /// Throws SpecError if the file does not hold exactly what was taken.
  void require_all_taken() const;

 private:
  std::string path_;
  MappedFile file_;
  std::uint64_t header_ = 0;  // its bytes
  std::int64_t taken_ = 0;
  bool is_transposed_ = false;
};

}  // namespace smoothbound::models::darknet
