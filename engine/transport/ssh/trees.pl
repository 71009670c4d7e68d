# Many small files in one question, files that stay open, and locks. Stands behind files.pl.
use strict;
use warnings;

my $SMALL_BYTES_MAX = 4 * 1024 * 1024;

# ---- Many small files

# Content and time; nothing when there is no such file, or it ended meanwhile, as in /proc and among cgroups.
sub small_file {
    my ($path) = @_;
    sysopen my $file, $path, O_RDONLY or return is_gone() ? () : refuse('open', $path);
    my @status = stat $file or return;
    return if S_ISDIR($status[2]);
    my $modified = modified_ms($file, $path, $status[9]);
    return ('', $modified) if $status[7] > $SMALL_BYTES_MAX;
    my $content = '';
    while (1) {
        my $bytes = sysread $file, $content, 65536, length $content;
        return ($content, $modified) if defined $bytes && $bytes == 0;
        next if defined $bytes || $!{EINTR};
        return if $!{EISDIR} || $!{ESRCH} || $!{ENODEV};
        refuse('read', $path);
    }
}

sub read_files {
    my ($id, @paths) = @_;
    return [
        map {
            my ($content) = small_file($_);
            defined $content ? ($_, $content) : ()
        } @paths
    ];
}

# Names and skipped folders are given with their number before them. Of each: its kind, path, time and content.
sub read_tree {
    my ($id, $root, $depth, $any, $count, @rest) = @_;
    my %names = map { $_ => 1 } splice @rest, 0, $count;
    my @skip = map { [split m{/}, $_, -1] } @rest;
    my @found;
    my $read;
    $read = sub {
        my ($below, $left) = @_;
        my $path = $below eq '' ? $root : "$root/$below";
        my $inner = names_in($path);
        return if !$inner && is_gone();
        refuse('scandir', $path) unless $inner;
        for my $name (@$inner) {
            my $relative = $below eq '' ? $name : "$below/$name";
            my @status = lstat "$root/$relative" or next;
            if (S_ISDIR($status[2])) {
                push @found, 'd', $relative, 0, '';
                $read->($relative, $left - 1) if $left > 1 && !is_skipped($relative, @skip);
            }
            elsif (S_ISREG($status[2]) && ($any || $names{$name})) {
                my ($content, $modified) = small_file("$root/$relative");
                push @found, 'f', $relative, $modified, $content if defined $content;
            }
        }
    };
    $read->('', $depth);
    undef $read;
    return \@found;
}

sub is_skipped {
    my ($relative, @skip) = @_;
    my @parts = split m{/}, $relative, -1;
    for my $pattern (@skip) {
        next unless @$pattern == @parts;
        return 1 unless grep { $pattern->[$_] ne '*' && $pattern->[$_] ne $parts[$_] } 0 .. $#parts;
    }
    return 0;
}

# Five words for each: kind, path, mode, group (or nothing), content or target.
sub write_tree {
    my ($id, $root, @entries) = @_;
    while (my ($kind, $path, $mode, $group, $what) = splice @entries, 0, 5) {
        write_entry($kind, "$root/$path", $mode, $group, $what);
    }
    return [];
}

sub write_entry {
    my ($kind, $path, $mode, $group, $what) = @_;
    return write_link($path, $what) if $kind eq 'link';
    if ($kind eq 'directory') { make_folder($path, $mode) }
    else {
        sysopen my $file, $path, O_WRONLY | O_CREAT | O_TRUNC, $mode or refuse('open', $path);
        write_all($file, $what, $path);
    }
    # The owner first: a change of it clears the set-group-id bit. The mode again, as the process's mask has cut it.
    if ($group ne '') { chown 0, $group, $path or refuse('chown', $path) }
    my @status = stat $path or refuse('stat', $path);
    return if ($status[2] & 07777) == $mode;
    chmod $mode, $path or refuse('chmod', $path);
}

sub write_link {
    my ($path, $target) = @_;
    return if symlink $target, $path;
    refuse('symlink', $path) unless $!{EEXIST};
    return if (readlink($path) // '') eq $target;
    unlink $path or refuse('unlink', $path);
    symlink $target, $path or refuse('symlink', $path);
}

# ---- Files that stay open, and locks, by the number of the question that opened them

my (%open_files, %locks);

sub open_file {
    my ($id, $path) = @_;
    sysopen my $file, $path, O_RDONLY or return $!{ENOENT} || $!{ENOTDIR} ? [] : refuse('open', $path);
    my @status = stat $file;
    $open_files{$id} = $file;
    return [$id, "$status[0]:$status[1]"];
}

sub read_at {
    my ($id, $number, $position, $length) = @_;
    my $file = $open_files{$number} or die ['EBADF', 'read', '', 'the file was closed'];
    defined sysseek $file, $position, 0 or refuse('lseek', '');
    my $content = '';
    my $bytes = sysread $file, $content, $length;
    return defined $bytes ? [$content] : refuse('read', '');
}

sub size_of {
    my ($id, $number) = @_;
    my @status = stat($open_files{$number} or die ['EBADF', 'fstat', '', 'the file was closed']);
    return [$status[7]];
}

# The kernel frees it with this process. In place: another name in its stead would be another file, with another lock.
sub lock_file {
    my ($id, $path, $content) = @_;
    sysopen my $file, $path, O_RDWR | O_CREAT, 0644 or refuse('open', $path);
    if (!flock $file, LOCK_EX | LOCK_NB) { return $!{EAGAIN} ? [] : refuse('flock', $path) }
    truncate $file, 0 or refuse('ftruncate', $path);
    write_all($file, $content, $path);
    $locks{$id} = $file;
    return [$id];
}

%main::operations = (
    %main::operations,
    readFiles => \&read_files,
    readTree => \&read_tree,
    writeTree => \&write_tree,
    openFile => \&open_file,
    readAt => \&read_at,
    sizeOf => \&size_of,
    closeFile => sub { delete $open_files{ $_[1] }; [] },
    lock => \&lock_file,
    # A line may be cut without a word: whoever has a lock says that it is there, or has it no longer.
    alive => sub { $main::silence_max = $_[1]; [] },
    unlock => sub { delete $locks{ $_[1] }; [] },
);
