import { Controller, Get, Module } from '@nestjs/common';

@Controller()
class HealthController {
  @Get('health')
  health(): string {
    return 'well';
  }
}

@Module({ controllers: [HealthController] })
export class AppModule {}
