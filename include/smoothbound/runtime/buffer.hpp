// Aligned memory that is not initialized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace smoothbound {

/// `count` scalars at a multiple of 64 bytes; throws std::bad_alloc.
template <class Scalar>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::int64_t count) : count_(count) {
    if (count <= 0) return;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(Scalar);
    data_.reset(static_cast<Scalar*>(
        std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)));
    if (!data_) throw std::bad_alloc();
  }
  [[nodiscard]] Scalar* data() { return data_.get(); }
  [[nodiscard]] const Scalar* data() const { return data_.get(); }
  [[nodiscard]] std::int64_t size() const { return count_; }

 private:
  static constexpr std::size_t alignment = 64;
  struct Free {
    void operator()(Scalar* memory) const { std::free(memory); }  // NOLINT: of aligned_alloc
  };
  std::unique_ptr<Scalar, Free> data_;
  std::int64_t count_ = 0;
};

}  // namespace smoothbound
