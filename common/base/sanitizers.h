// What changes when the program is built with AddressSanitizer.
#ifndef LB_COMMON_BASE_SANITIZERS_H_
#define LB_COMMON_BASE_SANITIZERS_H_

namespace lb {

#if defined(__SANITIZE_ADDRESS__)
#define LB_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LB_ADDRESS_SANITIZER 1
#endif
#endif

// Whether pools hand out again the memory they were given back. Not under AddressSanitizer: a use
// of what was given back would go unseen once it is somebody else's.
#if defined(LB_ADDRESS_SANITIZER)
inline constexpr bool kPoolsReuse = false;
#else
inline constexpr bool kPoolsReuse = true;
#endif

}  // namespace lb

#endif  // LB_COMMON_BASE_SANITIZERS_H_
