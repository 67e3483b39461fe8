// Comparisons of printed decimals that do not round in the wrong direction.
#pragma once

#include <mpfr.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace smoothbound::testing {

/// A real number of 400 bits that remembers in which direction it was rounded. Exponents are wide
/// enough for whatever the program prints.
class Decimal {
 public:
  Decimal(std::string_view text, mpfr_rnd_t direction) : direction_(direction) {
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    mpfr_init2(value_, bits);
    if (mpfr_set_str(value_, std::string(text).c_str(), 10, direction) != 0) {
      mpfr_clear(value_);
      throw std::invalid_argument("not a number: " + std::string(text));
    }
  }
  Decimal(const Decimal& other) : direction_(other.direction_) {
    mpfr_init2(value_, bits);
    mpfr_set(value_, other.value_, MPFR_RNDN);  // exact: as many bits
  }
  Decimal& operator=(const Decimal&) = delete;
  ~Decimal() { mpfr_clear(value_); }

  Decimal& operator*=(const Decimal& other) {
    mpfr_mul(value_, value_, other.value_, direction_);
    return *this;
  }
  /// `divisor` must be rounded in the other direction, which is not checked.
  Decimal& operator/=(const Decimal& divisor) {
    mpfr_div(value_, value_, divisor.value_, direction_);
    return *this;
  }
  Decimal& operator+=(long term) {
    mpfr_add_si(value_, value_, term, direction_);
    return *this;
  }
  [[nodiscard]] Decimal log10() const {
    Decimal result(*this);
    mpfr_log10(result.value_, value_, direction_);
    return result;
  }
  [[nodiscard]] double nearest() const { return mpfr_get_d(value_, MPFR_RNDN); }
  [[nodiscard]] bool is_integer() const { return mpfr_integer_p(value_) != 0; }
  friend bool operator<=(const Decimal& a, const Decimal& b) {
    return mpfr_lessequal_p(a.value_, b.value_) != 0;
  }

 private:
  static constexpr mpfr_prec_t bits = 400;
  mpfr_t value_;
  mpfr_rnd_t direction_;
};

inline Decimal rounded_up(std::string_view text) { return {text, MPFR_RNDU}; }
inline Decimal rounded_down(std::string_view text) { return {text, MPFR_RNDD}; }

}  // namespace smoothbound::testing
