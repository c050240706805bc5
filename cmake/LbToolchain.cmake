# Compiler flags, sanitizers, ccache and the third-party packages every room may link.

find_program(LB_CCACHE ccache)
if(LB_CCACHE)
  # base_dir and a hash without the working directory let separate build folders share results.
  set(LB_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_SLOPPINESS=include_file_ctime,include_file_mtime,time_macros ${LB_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${LB_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LB_LAUNCHER})
endif()

add_library(lb_flags INTERFACE)
target_include_directories(lb_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(lb_flags INTERFACE -Wall -Wextra -Wshadow=local -Wnon-virtual-dtor
                       -Woverloaded-virtual -Wno-missing-field-initializers)
# GCC 12 at -O3 sees overlaps in std::string that are not there (GCC bug 105651).
target_compile_options(lb_flags INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
# In a unity build GCC takes a file's anonymous namespace for a header's.
target_compile_options(lb_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
if(LB_WARNINGS_AS_ERRORS)
  target_compile_options(lb_flags INTERFACE -Werror)
endif()
if(LB_SANITIZE)
  # -g1 is enough for the lines of a report, and compiles faster than -g.
  add_compile_options(-fsanitize=${LB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1
                      -g1)
  if(LB_SANITIZE MATCHES undefined)
    # A check at every access of memory costs over a quarter of the compiler's time, and
    # AddressSanitizer sees these accesses too (but for alignment, which costs as much as all).
    add_compile_options(
      -fno-sanitize=null,alignment,object-size,vptr,nonnull-attribute,returns-nonnull-attribute)
  endif()
  if(LB_SANITIZE MATCHES thread)
    # Headers of protobuf lay out maps otherwise when they see ThreadSanitizer; the library that
    # Debian built does not.
    add_compile_options(-U__SANITIZE_THREAD__)
  endif()
  add_link_options(-fsanitize=${LB_SANITIZE})
  # The environment of every test. ThreadSanitizer reports no race whose two sides are inside of
  # libraries that are not built with it; nothing of ours is suppressed.
  set(LB_TEST_ENVIRONMENT
      ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
      UBSAN_OPTIONS=print_stacktrace=1
      TSAN_OPTIONS=ignore_noninstrumented_modules=1)
else()
  # Frame pointers cost under one percent and make `perf` profiles of a live proxy readable.
  add_compile_options(-fno-omit-frame-pointer)
endif()

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf REQUIRED)
endif()
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
if(LB_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
