// All mistakes of a file in one run, not the first one alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "smoothbound/text/source.hpp"

namespace smoothbound {

/// What is wrong with a file: as an error, the first of its mistakes.
class SpecErrors : public SpecError {
 public:
  /// At least one, in the order of the file.
  explicit SpecErrors(std::vector<SpecError> mistakes)
      : SpecError(mistakes.front()), all(std::move(mistakes)) {}

  std::vector<SpecError> all;
};

/// Collects mistakes, so that reading can go on behind one.
class MistakeList {
 public:
  /// Where collecting ends: a wrong file of a million layers need not be looked through.
  static constexpr std::size_t most = 100;

  /// Takes one step of reading; returns whether there was no mistake in it. Throws SpecErrors when
  /// the list is full.
  template <class Step>
  bool attempt(const Step& step) {
    try {
      step();
      return true;
    } catch (const SpecErrors& errors) {
      for (const SpecError& error : errors.all) add(error);
    } catch (const SpecError& error) {
      add(error);
    }
    return false;
  }

  /// The same mistake in the same place counts once.
  void add(const SpecError& error);
  [[nodiscard]] bool empty() const { return mistakes_.empty(); }
  [[nodiscard]] std::size_t size() const { return mistakes_.size(); }
  /// Throws what was collected, if anything: SpecErrors, or the SpecError if there is only one.
  void throw_any() const;

 private:
  std::vector<SpecError> mistakes_;
};

/// `render_error` for each of the mistakes, of which 20 are shown.
std::string render_errors(const Source& source, const SpecError& error,
                          RemedyWords words = plain_words);

}  // namespace smoothbound
