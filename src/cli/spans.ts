import { Option, type Command } from 'commander'

interface StitchOptions {
  readonly as?: 'zipkin' | 'jaeger' | 'otlp'
  readonly undo?: true
}

/** What works on files of spans, without a configuration. */
export function addSpanCommands(program: Command): void {
  program
    .command('stitch')
    .description(
      'stitch span files (Zipkin, Jaeger, OTLP; recognised by content) and print the trees',
    )
    .argument('<file...>', 'files to read; - for standard input')
    .addOption(
      new Option('--as <format>', 'print the stitched spans as JSON instead').choices([
        'zipkin',
        'jaeger',
        'otlp',
      ]),
    )
    .option('--undo', 'print the spans as they were stored before they were stitched')
    .action(async (files: string[], options: StitchOptions) => {
      const { runStitch } = await import('../app/stitch.ts')
      await runStitch(files, { as: options.as, undo: options.undo ?? false })
    })
}
